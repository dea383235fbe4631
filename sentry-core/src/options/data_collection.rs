//! What integrations may collect by themselves.

use crate::text::Text;

/// Which entries of a kind are collected. Keys stay; the values of the others become `[Filtered]`. Terms match as
/// substrings of a key, in any case. The mandatory terms (`auth`, `token`, `password`, `session` ...) always win.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Collect {
    /// The whole kind is left out.
    Off,
    /// All but the mandatory terms.
    #[default]
    On,
    /// Only keys that contain one of these.
    Allow(Vec<Text>),
    /// All but keys that contain one of these.
    Deny(Vec<Text>),
}

/// Which bodies are collected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CollectBodies {
    /// Of requests that the application answers.
    pub incoming_request: bool,
    /// Of requests that the application makes.
    pub outgoing_request: bool,
    /// Of answers that the application gets.
    pub incoming_response: bool,
    /// Of answers that the application gives.
    pub outgoing_response: bool,
}

impl CollectBodies {
    /// None: the default.
    pub const NONE: Self = Self {
        incoming_request: false,
        outgoing_request: false,
        incoming_response: false,
        outgoing_response: false,
    };
    /// Every kind.
    pub const ALL: Self = Self {
        incoming_request: true,
        outgoing_request: true,
        incoming_response: true,
        outgoing_response: true,
    };
}

/// What is collected without being asked for, kind by kind (data collection, published spec 0.1.0). Wins over
/// `send_default_pii`. What the application sets itself (a user, a tag) is never left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataCollection {
    /// Who the user is: name, address. False by default.
    pub user_info: bool,
    /// Cookies, in headers too.
    pub cookies: Collect,
    /// Headers of requests.
    pub request_headers: Collect,
    /// Headers of responses.
    pub response_headers: Collect,
    /// Query strings, in addresses too.
    pub query_params: Collect,
    /// Bodies; none by default.
    pub http_bodies: CollectBodies,
    /// Local variables of frames. True by default.
    pub stack_frame_variables: bool,
    /// How many lines of source before and after that of a frame; 5 by default.
    pub frame_context_lines: usize,
    /// What is given to a generative model. True by default.
    pub generative_ai_inputs: bool,
    /// What a generative model answers. True by default.
    pub generative_ai_outputs: bool,
}

impl Default for DataCollection {
    fn default() -> Self {
        Self {
            user_info: false,
            cookies: Collect::On,
            request_headers: Collect::On,
            response_headers: Collect::On,
            query_params: Collect::On,
            http_bodies: CollectBodies::NONE,
            stack_frame_variables: true,
            frame_context_lines: 5,
            generative_ai_inputs: true,
            generative_ai_outputs: true,
        }
    }
}

impl DataCollection {
    /// What `send_default_pii` stands for, where no `data_collection` is given.
    pub(crate) fn from_pii(send_default_pii: bool) -> Self {
        let bodies = if send_default_pii { CollectBodies::ALL } else { CollectBodies::NONE };
        let cookies = if send_default_pii { Collect::On } else { Collect::Off };
        Self { user_info: send_default_pii, cookies, http_bodies: bodies, ..Self::default() }
    }
}

/// The largest body that is sent with an event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MaxRequestBodySize {
    /// No body at all.
    None,
    /// 1,000 bytes.
    Small,
    /// 10,000 bytes.
    #[default]
    Medium,
    /// As large as the event may be.
    Always,
}

impl MaxRequestBodySize {
    /// Reads `none`, `small`, `medium` or `always`; the old name `never` is `none`.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "none" | "never" => Self::None,
            "small" => Self::Small,
            "medium" => Self::Medium,
            "always" => Self::Always,
            _ => return Option::None,
        })
    }

    /// In bytes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::None => 0,
            Self::Small => 1_000,
            Self::Medium => 10_000,
            Self::Always => usize::MAX,
        }
    }
}

/// Secrets that are told by their looks and masked wherever text is sent, but for what was set as the user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScrubPatterns {
    /// Numbers of payment cards: 13 to 19 digits whose check digit is right.
    pub cards: bool,
    /// Tokens of well-known services, JSON web tokens, what follows `Bearer` and `Basic`, and `password=...`.
    pub tokens: bool,
    /// E-mail addresses.
    pub emails: bool,
}

impl ScrubPatterns {
    /// Every kind.
    pub const ALL: Self = Self { cards: true, tokens: true, emails: true };

    /// True if nothing is looked for: the default.
    pub const fn is_empty(self) -> bool {
        !(self.cards || self.tokens || self.emails)
    }
}
