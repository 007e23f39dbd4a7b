//! Who is at the other end of a loopback connection, and what a loopback request must look like.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
};

use hyper::{Method, Request, header};

/// Whether the process that made this connection runs as `uid`: the kernel's own table says.
#[must_use]
pub fn is_peer(uid: u32, peer: SocketAddr, ours: SocketAddr) -> bool {
    let (SocketAddr::V4(peer), SocketAddr::V4(ours)) = (peer, ours) else { return false };
    let v4 = |ip: &Ipv4Addr, port: u16| format!("{:08X}:{port:04X}", u32::from_ne_bytes(ip.octets()));
    let wanted = (v4(peer.ip(), peer.port()), v4(ours.ip(), ours.port()));
    let mapped = |address: &str| format!("0000000000000000FFFF0000{address}");
    let wanted6 = (mapped(&wanted.0), mapped(&wanted.1));
    let finds = |table: &str, wanted: &(String, String)| {
        fs::read_to_string(table).is_ok_and(|rows| {
            rows.lines().skip(1).any(|row| {
                let mut columns = row.split_whitespace();
                columns.nth(1) == Some(&wanted.0)
                    && columns.next() == Some(&wanted.1)
                    && columns.nth(4).and_then(|u| u.parse().ok()) == Some(uid)
            })
        })
    };
    finds("/proc/net/tcp", &wanted) || finds("/proc/net/tcp6", &wanted6)
}

/// The method is GET and the one Host is ours, to the letter.
#[must_use]
pub fn is_plain_get<B>(request: &Request<B>, port: u16) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next().is_some_and(|h| h.as_bytes() == format!("127.0.0.1:{port}").as_bytes());
    request.method() == Method::GET && host && hosts.next().is_none() && request.uri().authority().is_none()
}

/// The request comes from a page: a program's never carries these.
#[must_use]
pub fn is_from_page<B>(request: &Request<B>) -> bool {
    request.headers().keys().any(|name| name == header::ORIGIN || name.as_str().starts_with("sec-fetch-"))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use daypass_wire::folder::uid;

    use super::*;

    #[test]
    fn the_kernel_tells_whose_connection_it_is() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let ours = listener.local_addr().unwrap();
        let _client = TcpStream::connect(ours).unwrap();
        let (_stream, peer) = listener.accept().unwrap();
        assert!(is_peer(uid(), peer, ours));
        assert!(!is_peer(uid() + 1, peer, ours));
    }
}
