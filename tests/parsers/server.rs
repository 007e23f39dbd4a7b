//! A server of one sentence: it answers every request alike, whatever was asked.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};

/// What is answered, by path: status and body. Paths that are not listed are answered with the last.
pub(crate) type Answers = Vec<(&'static str, u16, Vec<u8>)>;

pub(crate) struct Server {
    pub(crate) port: u16,
    answers: Arc<Mutex<Answers>>,
}

impl Server {
    pub(crate) fn start(runtime: &Runtime) -> Self {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers = Arc::<Mutex<Answers>>::default();
        let shared = Arc::clone(&answers);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { port, answers }
    }

    pub(crate) fn answer(&self, answers: Answers) {
        *self.answers.lock().unwrap() = answers;
    }
}

async fn serve(mut stream: TcpStream, answers: Arc<Mutex<Answers>>) -> Option<()> {
    let mut request = Vec::new();
    let head = loop {
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
        if let Some(end) = request.windows(4).position(|w| w == b"\r\n\r\n") {
            break String::from_utf8_lossy(&request[..end]).into_owned();
        }
    };
    let length = head
        .lines()
        .filter_map(|l| l.split_once(": "))
        .find(|(n, _)| n.eq_ignore_ascii_case("content-length"));
    let length: usize = length.and_then(|(_, v)| v.parse().ok()).unwrap_or(0);
    while request.len() < head.len() + 4 + length {
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
    }
    let path = head.split(' ').nth(1)?;
    let (status, body) = {
        let answers = answers.lock().unwrap();
        let (_, status, body) = answers.iter().find(|(p, ..)| path.starts_with(p)).or(answers.last())?;
        (*status, body.clone())
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(&body).await.ok()
}
