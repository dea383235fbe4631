//! Release health: sessions as they come in and as they are counted.

use super::types::ProjectId;
use crate::instant::Micros;

/// How a session went, from best to worst; the worst that was ever told of one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Health {
    #[default]
    Healthy,
    /// Went on, with errors.
    Errored,
    /// Nobody knows how it ended.
    Abnormal,
    Crashed,
}

impl Health {
    pub(crate) fn rank(self) -> i64 {
        self as i64
    }

    pub(crate) fn from_rank(rank: i64) -> Self {
        match rank {
            1 => Self::Errored,
            2 => Self::Abnormal,
            3 => Self::Crashed,
            _ => Self::Healthy,
        }
    }
}

/// A state of one session, or sessions counted by the client.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewSession {
    pub(crate) project: ProjectId,
    pub(crate) release: String,
    pub(crate) environment: String,
    pub(crate) started: Micros,
    /// Identifies the user without naming them.
    pub(crate) user: Option<[u8; 16]>,
    pub(crate) what: SessionKind,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SessionKind {
    /// One session, that may be told of again.
    One { sid: [u8; 16], health: Health, seconds: Option<f64> },
    /// Sessions that are never told of again.
    Counted(SessionCounts),
}

/// Sessions by how they went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct SessionCounts {
    pub(crate) total: i64,
    pub(crate) errored: i64,
    pub(crate) abnormal: i64,
    pub(crate) crashed: i64,
}

impl SessionCounts {
    /// One session.
    pub(crate) fn one(health: Health) -> Self {
        let mut counts = Self { total: 1, ..Self::default() };
        if let Some(count) = counts.of(health) {
            *count = 1;
        }
        counts
    }

    /// The sessions of a sort; healthy ones are what is left of the total.
    pub(crate) fn of(&mut self, health: Health) -> Option<&mut i64> {
        match health {
            Health::Healthy => None,
            Health::Errored => Some(&mut self.errored),
            Health::Abnormal => Some(&mut self.abnormal),
            Health::Crashed => Some(&mut self.crashed),
        }
    }

    pub(crate) fn healthy(&self) -> i64 {
        (self.total - self.errored - self.abnormal - self.crashed).max(0)
    }

    pub(crate) fn worst(&self) -> Health {
        match self {
            Self { crashed: 1.., .. } => Health::Crashed,
            Self { abnormal: 1.., .. } => Health::Abnormal,
            Self { errored: 1.., .. } => Health::Errored,
            _ => Health::Healthy,
        }
    }
}

/// The sessions of one release and environment that began in one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionHour {
    pub(crate) project: ProjectId,
    pub(crate) release: String,
    pub(crate) environment: String,
    /// Hours since the epoch.
    pub(crate) hour: i64,
    pub(crate) counts: SessionCounts,
}

/// The users of one release and environment on one day, each counted once by the worst of their sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionDay {
    pub(crate) project: ProjectId,
    pub(crate) release: String,
    pub(crate) environment: String,
    /// Days since the epoch.
    pub(crate) day: i64,
    pub(crate) users: SessionCounts,
}
