//! One HTTP request on a thread of its own.

use std::{
    io::{ErrorKind, Read},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use ureq::{Agent, Error, Proxy, Timeout, http::HeaderMap};

use super::{CHUNK, GetError, Options, Route};

/// Chunks that may wait to be written.
const WAITING: usize = 16;
/// Redirects that are followed.
const REDIRECTS: u32 = 5;

/// What the thread tells, in this order: one answer, chunks, one end. After a failure there is nothing more.
pub(super) enum Message {
    /// The head of the answer.
    Answer(Answer),
    /// Content.
    Bytes(Vec<u8>),
    /// All of the content is told.
    End,
    /// What went wrong, in words.
    Failed(String),
}

/// The head of an answer.
pub(super) struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Length of the content that follows, where it is told.
    pub bytes: Option<u64>,
    /// Where the content begins and how long the whole is, of a part.
    pub range: Option<(u64, Option<u64>)>,
    /// What stands for this version of the file; only where it promises the same bytes.
    pub etag: Option<String>,
}

/// What to ask for.
pub(super) struct Request {
    /// The address.
    pub url: String,
    /// The first byte wanted.
    pub from: u64,
    /// Only if the file is still this version; else all of it.
    pub if_etag: Option<String>,
}

/// Sends a request; what comes of it is read from the channel. Dropping the channel ends the thread at its next chunk.
///
/// # Errors
/// Where the proxy's address is none or no thread can be started.
pub(super) fn send(request: Request, options: &Options) -> Result<Receiver<Message>, GetError> {
    let (agent, through) = agent(options)?;
    let patience = [options.connect, options.silence];
    let (sender, receiver) = sync_channel(WAITING);
    thread::Builder::new()
        .name("joulelab-download".to_owned())
        .spawn(move || {
            if let Err(error) = speak(&agent, &request, &sender) {
                let why = in_words(&error, patience) + &through;
                // Nobody listens any more: it was called off.
                let _ = sender.send(Message::Failed(why));
            }
        })
        .map_err(crate::data::DataError::Thread)?;
    Ok(receiver)
}

fn agent(options: &Options) -> Result<(Agent, String), GetError> {
    let proxy = match &options.route {
        Route::Environment => Proxy::try_from_env(),
        Route::Direct => None,
        Route::Proxy(url) => Some(Proxy::new(url).map_err(|_| GetError::Proxy(url.clone()))?),
    };
    let through = proxy.as_ref().map_or(String::new(), |proxy| {
        format!(" (through the proxy {}:{})", proxy.host(), proxy.port())
    });
    let config = Agent::config_builder()
        .proxy(proxy)
        .timeout_resolve(Some(options.connect))
        .timeout_connect(Some(options.connect))
        .timeout_send_request(Some(options.silence))
        .timeout_recv_response(Some(options.silence))
        .timeout_per_read(Some(options.silence))
        .max_redirects(REDIRECTS)
        .http_status_as_error(false)
        .user_agent(concat!("joulelab/", env!("CARGO_PKG_VERSION")))
        .build();
    Ok((config.new_agent(), through))
}

fn speak(agent: &Agent, request: &Request, sender: &SyncSender<Message>) -> Result<(), Error> {
    // Lengths and checksums are of the files as they are.
    let mut get = agent
        .get(&request.url)
        .header("Accept-Encoding", "identity");
    if request.from > 0 {
        get = get.header("Range", format!("bytes={}-", request.from));
        if let Some(etag) = &request.if_etag {
            get = get.header("If-Range", etag);
        }
    }
    let response = get.call()?;
    let answer = Answer {
        status: response.status().as_u16(),
        bytes: response.body().content_length(),
        range: text(response.headers(), "content-range").and_then(range),
        etag: text(response.headers(), "etag")
            .filter(|etag| etag.starts_with('"'))
            .map(str::to_owned),
    };
    let is_content = matches!(answer.status, 200 | 206);
    if sender.send(Message::Answer(answer)).is_err() || !is_content {
        return Ok(());
    }
    // The limit is that of whoever writes the bytes.
    let mut body = response
        .into_body()
        .into_with_config()
        .limit(u64::MAX)
        .reader();
    loop {
        let mut chunk = vec![0; CHUNK];
        match body.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => {
                chunk.truncate(count);
                if sender.send(Message::Bytes(chunk)).is_err() {
                    return Ok(());
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let _ = sender.send(Message::End);
    Ok(())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `bytes 100-199/1000` or `bytes 100-199/*`.
fn range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, whole) = text.strip_prefix("bytes")?.trim_start().split_once('/')?;
    let (first, _) = range.split_once('-')?;
    Some((first.trim().parse().ok()?, whole.trim().parse().ok()))
}

fn in_words(error: &Error, [connect, silence]: [Duration; 2]) -> String {
    match error {
        Error::HostNotFound => "there is no such host, or no network".to_owned(),
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
            format!("there is no connection within {} s", connect.as_secs_f64())
        }
        Error::Timeout(_) => format!("nothing was heard for {} s", silence.as_secs_f64()),
        Error::TooManyRedirects => format!("more than {REDIRECTS} redirects"),
        Error::Io(error) if error.kind() == ErrorKind::UnexpectedEof => {
            "the connection was closed too early".to_owned()
        }
        Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
            "no server answers there".to_owned()
        }
        Error::Io(error) => error.to_string(),
        Error::Rustls(_) | Error::Tls(_) => format!(
            "no safe connection ({error}); a proxy that opens https needs a certificate that is not known here"
        ),
        other => other.to_string(),
    }
}
