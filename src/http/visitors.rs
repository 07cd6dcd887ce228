//! How many connections one address may have open at a time, so that one client alone cannot take all of the server's.

use std::any::Any;
use std::collections::HashMap;
use std::net::{IpAddr, Shutdown};
use std::sync::{Arc, Mutex, PoisonError};

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;

use crate::platform::config::{AbuseLimits, Config};
use crate::platform::network::{Networks, group};

/// Counts them.
#[derive(Debug)]
pub struct Visitors {
    max: usize,
    enforced: bool,
    /// Proxies speak for many.
    trusted: Networks,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection of one address; ends its counting when it is dropped with the connection.
struct Visit {
    visitors: Arc<Visitors>,
    from: IpAddr,
}

impl Visitors {
    /// As configured.
    #[must_use]
    pub fn from_config(config: &Config) -> Self {
        Self {
            max: config.connections_per_address_max,
            enforced: config.abuse_limits == AbuseLimits::Enforce,
            trusted: config.trusted_proxies.clone(),
            open: Mutex::default(),
        }
    }

    /// Counts one more connection of `from`; `None` where it is one too many.
    fn enter(self: &Arc<Self>, from: IpAddr) -> Option<Visit> {
        let from = group(from);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(from).or_default();
        if *count >= self.max && self.enforced && !self.trusted.contain(from) {
            return None;
        }
        *count += 1;
        Some(Visit { visitors: Arc::clone(self), from })
    }

    /// To be called with every connection that was accepted: counts it as long as it lasts, or ends it at once.
    pub fn meet(self: &Arc<Self>, connection: &dyn Any, kept: &mut Extensions) {
        let plain = connection.downcast_ref::<TcpStream>();
        let sealed = || connection.downcast_ref::<TlsStream<TcpStream>>().map(|stream| stream.get_ref().0);
        let Some(stream) = plain.or_else(sealed) else { return };
        let Ok(peer) = stream.peer_addr() else { return };
        match self.enter(peer.ip()) {
            Some(visit) => {
                kept.insert(visit);
            }
            None => {
                metrics::counter!("aisle_connections_refused_total").increment(1);
                // Already gone is ended too.
                let _ended = socket2::SockRef::from(stream).shutdown(Shutdown::Both);
            }
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut open = self.visitors.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_and_gets_them_back_and_a_proxy_has_all() {
        let config = Config {
            connections_per_address_max: 2,
            trusted_proxies: "10.0.0.0/8".parse().unwrap(),
            ..Config::default()
        };
        let visitors = Arc::new(Visitors::from_config(&config));
        let (one, neighbour): (IpAddr, IpAddr) = ("2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap());
        let first = visitors.enter(one).expect("the first");
        let _second = visitors.enter(neighbour).expect("the second");
        assert!(visitors.enter(one).is_none(), "they share a /64");
        assert!(visitors.enter("192.0.2.1".parse().unwrap()).is_some());
        drop(first);
        assert!(visitors.enter(one).is_some());
        let proxied: Vec<_> = (0..5).map(|_| visitors.enter("10.1.1.1".parse().unwrap())).collect();
        assert!(proxied.iter().all(Option::is_some));
        drop(proxied);
        assert_eq!(visitors.open.lock().unwrap().len(), 1, "who has none is forgotten");
    }
}
