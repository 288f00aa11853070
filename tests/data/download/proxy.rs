//! Downloads through a proxy.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use joulelab::data::download::{GetError, Got, Options, Route};

use super::{ETAG, content, one_file, reasons};
use crate::{
    recipes::{get_with, options, store},
    server::{Reply, Seen, Server, good},
};

/// A proxy that joins whoever asks with whomever he asks for, once.
fn proxy() -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let thread = thread::Builder::new()
        .name("test-proxy".to_owned())
        .spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                client.read_exact(&mut byte).unwrap();
                head.extend(byte);
            }
            let head = String::from_utf8(head).unwrap();
            let target = head.split(' ').nth(1).unwrap();
            let mut server = TcpStream::connect(target).unwrap();
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let (mut request, mut to_server) =
                (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::Builder::new()
                .name("test-proxy-requests".to_owned())
                .spawn(move || std::io::copy(&mut request, &mut to_server))
                .unwrap();
            std::io::copy(&mut server, &mut client).unwrap();
            let _ = client.shutdown(std::net::Shutdown::Both);
            head
        })
        .unwrap();
    (address, thread)
}

#[test]
fn requests_go_through_a_proxy_where_one_is_named() {
    let whole = content(1000);
    let body = whole.clone();
    let server = Server::new(move |seen: &Seen| good(seen, &body, ETAG));
    let recipe = one_file(&whole, &[server.mirror()]);
    let (_folder, store) = store();
    let (address, proxy) = proxy();
    let through = Options {
        route: Route::Proxy(address),
        ..options()
    };
    let got = get_with(&recipe, &store, &through, &mut |_| {});
    assert_eq!(got.unwrap(), Got::Now);
    let head = proxy.join().unwrap();
    assert!(head.starts_with("CONNECT 127.0.0.1:"), "{head}");

    let (_folder, store) = self::store();
    let closed = Server::new(|_: &Seen| Reply::default()).mirror();
    let through = Options {
        route: Route::Proxy(closed.trim_end_matches('/').to_owned()),
        ..options()
    };
    let result = get_with(&recipe, &store, &through, &mut |_| {});
    let why = reasons(result, &store, &recipe);
    assert!(why[0].contains("(through the proxy 127.0.0.1:"), "{why:?}");
    let none = Options {
        route: Route::Proxy("no proxy".into()),
        ..options()
    };
    let result = get_with(&recipe, &store, &none, &mut |_| {});
    assert!(matches!(result, Err(GetError::Proxy(_))), "{result:?}");
}
