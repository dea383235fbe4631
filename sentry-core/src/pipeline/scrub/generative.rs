//! What is given to generative models and what they answer: attributes that integrations put in (`gen_ai.*`, published
//! attribute conventions).

const INPUTS: [&str; 8] = [
    "gen_ai.prompt",
    "gen_ai.input.messages",
    "gen_ai.request.messages",
    "gen_ai.system_instructions",
    "gen_ai.embeddings.input",
    "gen_ai.tool.input",
    "gen_ai.tool.call.arguments",
    "gen_ai.request.available_tools",
];

const OUTPUTS: [&str; 6] = [
    "gen_ai.completion",
    "gen_ai.output.messages",
    "gen_ai.response.text",
    "gen_ai.response.tool_calls",
    "gen_ai.tool.output",
    "gen_ai.tool.call.result",
];

/// True if the value of the key was given to a model.
pub(super) fn is_input(key: &str) -> bool {
    is_one_of(&INPUTS, key)
}

/// True if a model said it.
pub(super) fn is_output(key: &str) -> bool {
    is_one_of(&OUTPUTS, key)
}

/// True if the key says how many tokens something took: these are no secrets.
pub(super) fn is_count(key: &str) -> bool {
    key.starts_with("gen_ai.usage.") || key == "gen_ai.request.max_tokens"
}

/// The key itself, or one below it, like `gen_ai.prompt.0.content`.
fn is_one_of(names: &[&str], key: &str) -> bool {
    let below = |rest: &str| rest.is_empty() || rest.starts_with('.');
    names.iter().any(|name| key.strip_prefix(name).is_some_and(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_from_what_is_counted() {
        assert!(is_input("gen_ai.prompt") && is_input("gen_ai.prompt.0.content"));
        assert!(is_output("gen_ai.response.text") && !is_output("gen_ai.prompt"));
        for key in ["gen_ai.request.model", "gen_ai.usage.input_tokens", "gen_ai.prompts", "prompt"] {
            assert!(!is_input(key) && !is_output(key), "{key}");
        }
        assert!(is_count("gen_ai.usage.input_tokens") && !is_count("gen_ai.token") && !is_count("tokens"));
    }
}
