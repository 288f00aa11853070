//! A small HTTP server that does what it is told, well or badly.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub path: String,
    pub range: Option<String>,
    pub if_range: Option<String>,
    /// How many requests came before.
    pub before: usize,
}

impl Seen {
    /// The first byte that is asked for.
    pub fn from(&self) -> usize {
        let range = self.range.as_deref().unwrap_or("bytes=0-");
        let from = range.strip_prefix("bytes=").unwrap();
        from.strip_suffix('-').unwrap().parse().unwrap()
    }
}

/// An answer, and how it is sent.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// Everything up to the body.
    pub head: String,
    pub body: Vec<u8>,
    /// The body ends here, with the connection.
    pub cut: Option<usize>,
    /// The connection stays open and silent so long after what is sent.
    pub silence: Duration,
    /// The body comes again and again until nobody wants it.
    pub is_endless: bool,
}

impl Reply {
    pub fn new(status: &str, headers: &[String], body: &[u8]) -> Self {
        let mut head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        Self {
            head: head + "\r\n",
            body: body.to_vec(),
            ..Self::default()
        }
    }

    /// The whole file, whatever was asked for.
    pub fn whole(body: &[u8]) -> Self {
        Self::new("200 OK", &[format!("Content-Length: {}", body.len())], body)
    }

    pub fn status(status: &str) -> Self {
        Self::new(status, &["Content-Length: 0".to_owned()], b"")
    }

    pub fn cut_at(self, bytes: usize) -> Self {
        Self {
            cut: Some(bytes),
            ..self
        }
    }
}

/// What a good server says of a file that it has in version `etag`.
pub fn good(seen: &Seen, body: &[u8], etag: &str) -> Reply {
    let from = seen.from();
    let is_other = seen.if_range.as_deref().is_some_and(|known| known != etag);
    if from == 0 || is_other {
        let length = format!("Content-Length: {}", body.len());
        return Reply::new("200 OK", &[length, format!("ETag: {etag}")], body);
    }
    if from >= body.len() {
        return Reply::status("416 Range Not Satisfiable");
    }
    let headers = [
        format!("Content-Length: {}", body.len() - from),
        format!(
            "Content-Range: bytes {from}-{}/{}",
            body.len() - 1,
            body.len()
        ),
        format!("ETag: {etag}"),
    ];
    Reply::new("206 Partial Content", &headers, &body[from..])
}

/// Answers until it is dropped.
pub struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn new(answer: impl Fn(&Seen) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let is_over = Arc::new(AtomicBool::new(false));
        let (all, over) = (Arc::clone(&seen), Arc::clone(&is_over));
        let thread = thread::Builder::new()
            .name("test-server".to_owned())
            .spawn(move || {
                for stream in listener.incoming() {
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    // Whoever asks may leave at any time.
                    let _ = serve(stream.unwrap(), &all, &answer, &over);
                }
            })
            .unwrap();
        Self {
            address,
            seen,
            is_over,
            thread: Some(thread),
        }
    }

    /// The address that a file's name completes.
    pub fn mirror(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
        self.thread.take().unwrap().join().unwrap();
    }
}

fn serve(
    stream: TcpStream,
    all: &Mutex<Vec<Seen>>,
    answer: &impl Fn(&Seen) -> Reply,
    over: &AtomicBool,
) -> std::io::Result<()> {
    let mut seen = Seen::default();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    seen.path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        match line.trim().split_once(": ") {
            None => break,
            Some((name, value)) if name.eq_ignore_ascii_case("range") => {
                seen.range = Some(value.to_owned());
            }
            Some((name, value)) if name.eq_ignore_ascii_case("if-range") => {
                seen.if_range = Some(value.to_owned());
            }
            Some(_) => {}
        }
    }
    {
        let mut all = all.lock().unwrap();
        seen.before = all.len();
        all.push(seen.clone());
    }
    let reply = answer(&seen);
    let mut stream = reader.into_inner();
    stream.write_all(reply.head.as_bytes())?;
    let end = reply.cut.unwrap_or(reply.body.len()).min(reply.body.len());
    stream.write_all(&reply.body[..end])?;
    while reply.is_endless && !over.load(Ordering::Relaxed) {
        stream.write_all(&reply.body)?;
    }
    stream.flush()?;
    let mut waited = Duration::ZERO;
    while waited < reply.silence && !over.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(10));
        waited += Duration::from_millis(10);
    }
    stream.shutdown(Shutdown::Both)
}
