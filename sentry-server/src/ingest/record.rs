//! What the spool keeps of an accepted request: everything the digest needs, the body as it came.
//!
//! | field         | bytes | meaning                                                                  |
//! |---------------|-------|--------------------------------------------------------------------------|
//! | version       | 1     | 2; records of version 1 have no `limited`                                |
//! | endpoint      | 1     | 0 envelope, 1 store                                                      |
//! | encoding      | 1     | 0 identity, 1 gzip, 2 deflate, 3 brotli, 4 zstd                          |
//! | address       | 1     | length of the peer's address: 0, 4 or 16                                 |
//! | project       | 8     | little endian                                                            |
//! | received      | 8     | microseconds since the epoch, little endian                              |
//! | id            | 16    | the event id answered to the client; stands in where the payload has none |
//! | user agent    | 2     | its length, little endian; at most 512                                   |
//! | limited       | 4     | bits of the categories that limits refused and the digest leaves out     |
//!
//! then address, user agent and body.

use std::net::IpAddr;

use super::body::Encoding;
use crate::instant::Micros;
use crate::store::ProjectId;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Envelope,
    Store,
}

/// The head of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordHead {
    pub(crate) endpoint: Endpoint,
    pub(crate) encoding: Encoding,
    pub(crate) project: ProjectId,
    pub(crate) received: Micros,
    pub(crate) id: [u8; 16],
    pub(crate) address: Option<IpAddr>,
    pub(crate) user_agent: Option<String>,
    pub(crate) limited: u32,
}

impl RecordHead {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let agent = self.user_agent.as_deref().unwrap_or_default();
        let agent = shortened(agent);
        let address = match self.address {
            None => Vec::new(),
            Some(IpAddr::V4(address)) => address.octets().to_vec(),
            Some(IpAddr::V6(address)) => address.octets().to_vec(),
        };
        let mut bytes = Vec::with_capacity(FIXED_BYTES + address.len() + agent.len());
        let endpoint = match self.endpoint {
            Endpoint::Envelope => 0,
            Endpoint::Store => 1,
        };
        bytes.extend_from_slice(&[VERSION, endpoint, self.encoding.code(), address.len() as u8]);
        bytes.extend_from_slice(&self.project.to_le_bytes());
        bytes.extend_from_slice(&self.received.to_le_bytes());
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(&(agent.len() as u16).to_le_bytes());
        bytes.extend_from_slice(&self.limited.to_le_bytes());
        bytes.extend_from_slice(&address);
        bytes.extend_from_slice(agent.as_bytes());
        bytes
    }

    /// Splits a record into head and body; `None` when it is not one of ours.
    pub(crate) fn decode(record: &[u8]) -> Option<(Self, &[u8])> {
        let version = *record.first()?;
        let fixed_bytes = match version {
            1 => FIXED_BYTES - LIMITED_BYTES,
            VERSION => FIXED_BYTES,
            _ => return None,
        };
        let (fixed, rest) = record.split_at_checked(fixed_bytes)?;
        let (endpoint, encoding) = match fixed[1..3] {
            [0, code] => (Endpoint::Envelope, Encoding::from_code(code)?),
            [1, code] => (Endpoint::Store, Encoding::from_code(code)?),
            _ => return None,
        };
        let limited = match version {
            1 => 0,
            _ => u32::from_le_bytes(fixed[38..42].try_into().ok()?),
        };
        let (address, rest) = rest.split_at_checked(usize::from(fixed[3]))?;
        let address = match address.len() {
            0 => None,
            4 => Some(IpAddr::from(<[u8; 4]>::try_from(address).ok()?)),
            16 => Some(IpAddr::from(<[u8; 16]>::try_from(address).ok()?)),
            _ => return None,
        };
        let agent = u16::from_le_bytes(fixed[36..38].try_into().ok()?);
        let (agent, body) = rest.split_at_checked(usize::from(agent))?;
        let head = Self {
            endpoint,
            encoding,
            project: ProjectId::from_le_bytes(fixed[4..12].try_into().ok()?),
            received: Micros::from_le_bytes(fixed[12..20].try_into().ok()?),
            id: fixed[20..36].try_into().ok()?,
            address,
            user_agent: (!agent.is_empty()).then(|| String::from_utf8_lossy(agent).into_owned()),
            limited,
        };
        Some((head, body))
    }
}

fn shortened(agent: &str) -> &str {
    let end = (0..=MAX_USER_AGENT_BYTES.min(agent.len())).rev().find(|at| agent.is_char_boundary(*at));
    &agent[..end.unwrap_or(0)]
}

const VERSION: u8 = 2;
const FIXED_BYTES: usize = 42;
const LIMITED_BYTES: usize = 4;
const MAX_USER_AGENT_BYTES: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_back() {
        for address in [None, Some(IpAddr::from([127, 0, 0, 1])), Some(IpAddr::from([7; 16]))] {
            let head = RecordHead {
                endpoint: Endpoint::Store,
                encoding: Encoding::Zstd,
                project: 42,
                received: 1_795_365_157_998_130,
                id: [9; 16],
                address,
                user_agent: address.map(|_| "sentry.python/2.75.0".to_owned()),
                limited: 5,
            };
            let mut record = head.encode();
            record.extend_from_slice(b"body");
            assert_eq!(RecordHead::decode(&record), Some((head.clone(), &b"body"[..])));
            let mut old = record.clone();
            old[0] = 1;
            old.drain(38..42);
            let head = RecordHead { limited: 0, ..head };
            assert_eq!(RecordHead::decode(&old), Some((head, &b"body"[..])), "the first version");
            for cut in 0..record.len() - 4 {
                assert!(RecordHead::decode(&record[..cut]).is_none(), "cut at {cut}");
            }
        }
        assert!(RecordHead::decode(&[3; 64]).is_none());
    }
}
