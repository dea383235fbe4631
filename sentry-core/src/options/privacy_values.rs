//! Options of privacy as hosts and configuration files write them.

use super::data_collection::{Collect, CollectBodies, DataCollection, ScrubPatterns};
use crate::error::{Error, Result};
use crate::protocol::{Map, Value};
use crate::text::Text;

impl DataCollection {
    /// Reads `{"cookies": false, "http_headers": {"request": {"deny": ["x-tenant"]}}, "http_bodies": true}`. Kinds that
    /// are not named have their default; names may be in camel case.
    ///
    /// # Errors
    /// When a kind does not exist or its value is none; the error names it and shows a right value.
    pub fn from_value(value: &Value) -> Result<Self> {
        let Value::Object(given) = value else {
            return Err(refused("it is an object, like {\"cookies\": false, \"http_bodies\": true}"));
        };
        let mut read = Self::default();
        for (name, value) in given.iter().filter(|(_, value)| !value.is_null()) {
            match snake(name).as_str() {
                "user_info" => read.user_info = flag(name, value)?,
                "cookies" => read.cookies = collect(name, value)?,
                "http_headers" => headers(&mut read, name, value)?,
                "query_params" => read.query_params = collect(name, value)?,
                "http_bodies" => read.http_bodies = bodies(name, value)?,
                "stack_frame_variables" => read.stack_frame_variables = flag(name, value)?,
                "frame_context_lines" => read.frame_context_lines = lines(name, value)?,
                "generative_ai_inputs" => read.generative_ai_inputs = flag(name, value)?,
                "generative_ai_outputs" => read.generative_ai_outputs = flag(name, value)?,
                _ => {
                    return Err(refused(&format!(
                        "there is no kind `{name}`; the kinds are user_info, cookies, http_headers, query_params, \
                         http_bodies, stack_frame_variables, frame_context_lines, generative_ai_inputs and \
                         generative_ai_outputs"
                    )));
                }
            }
        }
        Ok(read)
    }
}

impl ScrubPatterns {
    /// Reads true, false or a list of `card_numbers`, `tokens` and `emails`.
    ///
    /// # Errors
    /// When it is something else.
    pub fn from_value(value: &Value) -> Result<Self> {
        let wrong = || {
            let wanted = "true, false or a list like [\"card_numbers\", \"tokens\", \"emails\"]";
            Error::option("scrub_patterns", format!("{value} is not {wanted}"))
        };
        match value {
            Value::Bool(true) => Ok(Self::ALL),
            Value::Bool(false) => Ok(Self::default()),
            Value::Array(kinds) => {
                let mut read = Self::default();
                for kind in kinds {
                    match kind.as_str().map(snake).as_deref() {
                        Some("card_numbers") => read.cards = true,
                        Some("tokens") => read.tokens = true,
                        Some("emails") => read.emails = true,
                        _ => return Err(wrong()),
                    }
                }
                Ok(read)
            }
            _ => Err(wrong()),
        }
    }
}

/// One rule for both, or `{"request": .., "response": ..}`.
fn headers(read: &mut DataCollection, name: &str, value: &Value) -> Result<()> {
    let apart = |map: &Map| !map.is_empty() && map.keys().all(|key| key == "request" || key == "response");
    match value {
        Value::Object(map) if apart(map) => {
            if let Some(value) = map.get("request") {
                read.request_headers = collect(&format!("{name}.request"), value)?;
            }
            if let Some(value) = map.get("response") {
                read.response_headers = collect(&format!("{name}.response"), value)?;
            }
        }
        _ => {
            read.request_headers = collect(name, value)?;
            read.response_headers = read.request_headers.clone();
        }
    }
    Ok(())
}

fn collect(name: &str, value: &Value) -> Result<Collect> {
    let wrong = || {
        refused(&format!(
            "`{name}`: {value} is not true, false, {{\"allow\": [\"a\"]}} or {{\"deny\": [\"a\"]}}"
        ))
    };
    match value {
        Value::Bool(true) => Ok(Collect::On),
        Value::Bool(false) => Ok(Collect::Off),
        Value::Object(map) if map.len() == 1 => {
            let (kind, terms) = map.iter().next().ok_or_else(wrong)?;
            let terms = terms.as_array().ok_or_else(wrong)?.iter().map(|term| term.as_str().map(Text::from));
            let terms = terms.collect::<Option<Vec<Text>>>().ok_or_else(wrong)?;
            match kind.as_str() {
                "allow" => Ok(Collect::Allow(terms)),
                "deny" => Ok(Collect::Deny(terms)),
                _ => Err(wrong()),
            }
        }
        _ => Err(wrong()),
    }
}

fn bodies(name: &str, value: &Value) -> Result<CollectBodies> {
    let wrong = || {
        refused(&format!(
            "`{name}`: {value} is not true, false or a list like [\"incomingRequest\", \"outgoingResponse\"]"
        ))
    };
    match value {
        Value::Bool(true) => Ok(CollectBodies::ALL),
        Value::Bool(false) => Ok(CollectBodies::NONE),
        Value::Array(kinds) => {
            let mut read = CollectBodies::NONE;
            for kind in kinds {
                let place = match kind.as_str().map(snake).as_deref() {
                    Some("incoming_request") => &mut read.incoming_request,
                    Some("outgoing_request") => &mut read.outgoing_request,
                    Some("incoming_response") => &mut read.incoming_response,
                    Some("outgoing_response") => &mut read.outgoing_response,
                    _ => return Err(wrong()),
                };
                *place = true;
            }
            Ok(read)
        }
        _ => Err(wrong()),
    }
}

fn flag(name: &str, value: &Value) -> Result<bool> {
    value.as_bool().ok_or_else(|| refused(&format!("`{name}`: {value} is not true or false")))
}

fn lines(name: &str, value: &Value) -> Result<usize> {
    let whole = value.as_u64().or_else(|| {
        let float = value.as_f64().filter(|float| float.fract() == 0.0 && (0.0..1e6).contains(float));
        float.map(|float| float as u64)
    });
    let lines = whole.and_then(|whole| usize::try_from(whole).ok());
    lines.ok_or_else(|| refused(&format!("`{name}`: {value} is not a number of lines, like 5")))
}

fn refused(detail: &str) -> Error {
    Error::option("data_collection", detail)
}

fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
