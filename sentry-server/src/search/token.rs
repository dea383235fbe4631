//! A search line as words and brackets, each with its column.

use super::SearchError;

/// A piece of a search line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    /// Letters with a note for each whether it stood in quotes.
    Word(Vec<(char, bool)>),
}

/// Splits at blanks and brackets outside quotes and square brackets.
pub(super) fn tokens(line: &str) -> Result<Vec<(usize, Token)>, SearchError> {
    let letters: Vec<char> = line.chars().collect();
    let mut all = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        match letters[at] {
            letter if letter.is_whitespace() => at += 1,
            '(' => {
                all.push((at + 1, Token::Open));
                at += 1;
            }
            ')' => {
                all.push((at + 1, Token::Close));
                at += 1;
            }
            _ => {
                let (word, end) = word(&letters, at)?;
                all.push((at + 1, Token::Word(word)));
                at = end;
            }
        }
        if all.len() > MAX_TOKENS {
            return Err(SearchError::new(at, format!("A search has at most {MAX_TOKENS} terms.")));
        }
    }
    Ok(all)
}

type Word = Vec<(char, bool)>;

/// One word from `start` on, and where it ends. A round bracket inside a word belongs to it while it is balanced, so that
/// `main()` and `f(x)` are words.
fn word(letters: &[char], start: usize) -> Result<(Word, usize), SearchError> {
    let (mut word, mut at) = (Vec::new(), start);
    let (mut quote, mut square, mut round) = (None, None, 0_usize);
    while let Some(letter) = letters.get(at).copied() {
        match letter {
            '"' if quote.is_some() => quote = None,
            '"' => {
                quote = Some(at);
                // An empty pair of quotes is a value, too.
                word.push(('\u{0}', true));
            }
            '\\' if quote.is_some() && letters.get(at + 1) == Some(&'"') => {
                word.push(('"', true));
                at += 1;
            }
            letter if quote.is_some() => word.push((letter, true)),
            letter if letter.is_whitespace() && square.is_none() => break,
            '(' => {
                round += 1;
                word.push((letter, false));
            }
            ')' if round == 0 => break,
            ')' => {
                round -= 1;
                word.push((letter, false));
            }
            letter => {
                match letter {
                    '[' => square = square.or(Some(at)),
                    ']' => square = None,
                    _ => {}
                }
                word.push((letter, false));
            }
        }
        at += 1;
    }
    if let Some(open) = quote {
        return Err(SearchError::new(open + 1, "This quotation mark is not closed."));
    }
    if let Some(open) = square {
        return Err(SearchError::new(open + 1, "This square bracket is not closed."));
    }
    Ok((word, at))
}

const MAX_TOKENS: usize = 200;
