//! Where a request comes from: the client's address and scheme. A header says so only where a proxy that we trust wrote it.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpRequest};

use crate::platform::config::{Config, ProxyHeader};
use crate::platform::network::{self, Networks};

/// The proxies in front of this server, and what they tell it.
#[derive(Clone, Debug)]
pub struct Proxies {
    trusted: Networks,
    header: ProxyHeader,
    /// The outside reaches us by https alone, says the configuration.
    always_https: bool,
}

impl Proxies {
    /// As configured.
    #[must_use]
    pub fn from_config(config: &Config) -> Self {
        Self {
            trusted: config.trusted_proxies.clone(),
            header: config.proxy_header,
            always_https: config.public_url.as_ref().is_some_and(|url| url.starts_with("https://")),
        }
    }

    /// Who stands at the other end, given the connection's peer and the request's headers; with the scheme where a proxy told it.
    fn origin(&self, peer: IpAddr, headers: &HeaderMap) -> (IpAddr, Option<bool>) {
        let peer = peer.to_canonical();
        if !self.trusted.contain(peer) {
            return (peer, None);
        }
        match self.header {
            ProxyHeader::XForwardedFor => {
                let hops = list(headers, "x-forwarded-for").map(|hop| (address(hop), None));
                let by = list(headers, "x-forwarded-proto").last().map(|scheme| scheme.eq_ignore_ascii_case("https"));
                (self.walk(peer, hops.collect()).0, by)
            }
            ProxyHeader::Forwarded => {
                let hops = list(headers, "forwarded").map(|hop| {
                    (parameter(hop, "for").and_then(address), parameter(hop, "proto").map(|scheme| scheme == "https"))
                });
                self.walk(peer, hops.collect())
            }
        }
    }

    /// From the right, where the nearest proxy wrote, over proxies that we trust, to the first whom we don't: that is the
    /// client. What stands further left is whatever the client wrote there.
    fn walk(&self, peer: IpAddr, hops: Vec<(Option<IpAddr>, Option<bool>)>) -> (IpAddr, Option<bool>) {
        let mut last = (peer, None);
        for (address, https) in hops.into_iter().rev() {
            // A hop that hides itself ends what we know.
            let Some(address) = address else { return (last.0, https) };
            last = (address, https);
            if !self.trusted.contain(address) {
                break;
            }
        }
        last
    }
}

/// The members of a header that is a list, over all its lines.
fn list<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).flat_map(|line| line.to_str().unwrap_or("").split(',')).map(str::trim)
}

/// One parameter of one member of `Forwarded`, without its quotes.
fn parameter<'a>(hop: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = hop.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case(name))?;
    Some(value.trim().trim_matches('"'))
}

/// An address as proxies write it: with or without a port, IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let plain = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let parsed = plain.parse().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    parsed.ok().map(|address: IpAddr| address.to_canonical())
}

/// The client's address; the unspecified one where the connection has none, which happens in tests without sockets only.
#[must_use]
pub fn client_address(request: &HttpRequest) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    match request.app_data::<Proxies>() {
        Some(proxies) => proxies.origin(peer, request.headers()).0,
        None => peer.to_canonical(),
    }
}

/// Whether the client came by https: to us, to a proxy that we trust, or because nobody can come otherwise (`public_url`).
#[must_use]
pub fn is_https(request: &HttpRequest) -> bool {
    if request.app_config().secure() {
        return true;
    }
    let (Some(proxies), Some(peer)) = (request.app_data::<Proxies>(), request.peer_addr()) else { return false };
    proxies.origin(peer.ip(), request.headers()).1.unwrap_or(proxies.always_https)
}

/// The client's address as an extractor; cannot fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// As limits count it: an IPv6 customer by their /64.
    #[must_use]
    pub fn group(self) -> IpAddr {
        network::group(self.0)
    }
}

impl FromRequest for ClientAddress {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(client_address(request))))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn came(trusted: &str, header: ProxyHeader, peer: &str, headers: &[(&str, &str)]) -> (String, bool) {
        let config = Config { trusted_proxies: trusted.parse().unwrap(), proxy_header: header, ..Config::default() };
        let mut request = TestRequest::get()
            .app_data(Proxies::from_config(&config))
            .peer_addr(SocketAddr::new(peer.parse().unwrap(), 4711));
        for &header in headers {
            request = request.append_header(header);
        }
        let request = request.to_http_request();
        (client_address(&request).to_string(), is_https(&request))
    }

    fn by_x(trusted: &str, peer: &str, forwarded_for: &str) -> String {
        came(trusted, ProxyHeader::XForwardedFor, peer, &[("x-forwarded-for", forwarded_for)]).0
    }

    #[test]
    fn nobody_but_a_trusted_proxy_says_where_a_request_comes_from() {
        let lies = [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-proto", "https"), ("forwarded", "for=192.0.2.1")];
        assert_eq!(came("", ProxyHeader::XForwardedFor, "203.0.113.9", &lies), ("203.0.113.9".to_owned(), false));
        assert_eq!(came("10.0.0.1", ProxyHeader::Forwarded, "10.0.0.2", &lies), ("10.0.0.2".to_owned(), false));
        // The proxy writes one of the two headers; the other one is the client's.
        let both = [("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=192.0.2.1;proto=https")];
        assert_eq!(came("10.0.0.1", ProxyHeader::XForwardedFor, "10.0.0.1", &both), ("198.51.100.1".to_owned(), false));
        assert_eq!(came("10.0.0.1", ProxyHeader::Forwarded, "10.0.0.1", &both), ("192.0.2.1".to_owned(), true));
    }

    #[test]
    fn the_list_is_read_from_the_right_to_the_first_who_is_not_ours() {
        let ours = "10.0.0.0/8,fd00::/8";
        assert_eq!(by_x(ours, "10.0.0.1", "192.0.2.66, 203.0.113.9"), "203.0.113.9");
        assert_eq!(by_x(ours, "10.0.0.1", "192.0.2.66, 203.0.113.9, 10.3.0.1, fd00::5"), "203.0.113.9");
        assert_eq!(by_x(ours, "10.0.0.1", "10.9.9.9, 10.3.0.1"), "10.9.9.9");
        assert_eq!(by_x(ours, "10.0.0.1", ""), "10.0.0.1");
        // What cannot be read ends what is known: never further left, where the client writes.
        assert_eq!(by_x(ours, "10.0.0.1", "192.0.2.66, unknown, 10.3.0.1"), "10.3.0.1");
        assert_eq!(by_x(ours, "10.0.0.1", "192.0.2.66,,"), "10.0.0.1");
        assert_eq!(by_x(ours, "10.0.0.1", "203.0.113.9:1234"), "203.0.113.9");
        assert_eq!(by_x(ours, "10.0.0.1", "[2001:db8::7]:1234"), "2001:db8::7");
        assert_eq!(by_x(ours, "::ffff:10.0.0.1", "2001:db8::7"), "2001:db8::7");
        let lines = [("x-forwarded-for", "192.0.2.66"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(came(ours, ProxyHeader::XForwardedFor, "10.0.0.1", &lines).0, "203.0.113.9");
    }

    #[test]
    fn forwarded_is_read_as_its_standard_has_it() {
        let by = |value: &str| came("10.0.0.0/8", ProxyHeader::Forwarded, "10.0.0.1", &[("forwarded", value)]);
        assert_eq!(by("for=192.0.2.60;proto=http;by=203.0.113.43"), ("192.0.2.60".to_owned(), false));
        assert_eq!(by("For=\"[2001:db8:cafe::17]:4711\"; Proto=https"), ("2001:db8:cafe::17".to_owned(), true));
        assert_eq!(by("for=192.0.2.66;proto=https, for=203.0.113.9;proto=http").0, "203.0.113.9");
        assert_eq!(by("for=203.0.113.9;proto=https, for=10.0.0.7;proto=http"), ("203.0.113.9".to_owned(), true));
        assert_eq!(by("for=_hidden;proto=https"), ("10.0.0.1".to_owned(), true));
        assert_eq!(by("nonsense"), ("10.0.0.1".to_owned(), false));
    }

    #[test]
    fn a_trusted_proxy_tells_the_scheme_and_a_public_address_by_https_implies_it() {
        let told =
            |scheme| came("10.0.0.0/8", ProxyHeader::XForwardedFor, "10.0.0.1", &[("x-forwarded-proto", scheme)]).1;
        assert!(told("https"));
        assert!(!told("http"));
        assert!(!told("https, http"));
        let config = Config { public_url: Some("https://tickets.example.org".to_owned()), ..Config::default() };
        let peer = "203.0.113.9:1".parse().unwrap();
        let request = TestRequest::get().app_data(Proxies::from_config(&config)).peer_addr(peer).to_http_request();
        assert!(is_https(&request));
    }
}
