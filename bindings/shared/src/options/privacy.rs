//! The options of privacy.

use watchpost_core::{ClientOptions, DataCollection, Error, MaxRequestBodySize, Result, ScrubPatterns};

use super::Given;

/// The client's options with this one, if it is one of privacy.
pub(super) fn set(client: ClientOptions, option: &Given<'_>) -> Result<ClientOptions> {
    let renamed = |error: Error| option.rename(&error);
    Ok(match option.name {
        "data_collection" => {
            client.with_data_collection(DataCollection::from_value(&option.value).map_err(renamed)?)
        }
        "sanitize_fields" => client.with_sanitize_fields(option.texts("[\"ssn\", \"iban\"]")?),
        "scrub_patterns" => {
            client.with_scrub_patterns(ScrubPatterns::from_value(&option.value).map_err(renamed)?)
        }
        "max_request_body_size" => {
            let wanted = "\"none\", \"small\", \"medium\" or \"always\"";
            let size = option.value.as_str().and_then(MaxRequestBodySize::parse);
            client.with_max_request_body_size(size.ok_or_else(|| option.refuse(wanted))?)
        }
        _ => client,
    })
}
