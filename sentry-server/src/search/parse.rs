//! From words and brackets to an expression.

use super::token::{Token, tokens};
use super::{Ask, Expr, Key, Pattern, SearchError, Term, Test};

/// Takes a search line apart.
///
/// # Errors
/// With the column of what cannot be understood.
pub fn parse(line: &str) -> Result<Expr, SearchError> {
    if line.len() > MAX_BYTES {
        return Err(SearchError::new(1, format!("A search has at most {MAX_BYTES} bytes.")));
    }
    let tokens = tokens(line)?;
    let mut parser = Parser { tokens: &tokens, at: 0 };
    let expr = parser.any(0)?;
    match parser.peek() {
        Some((column, _)) => Err(SearchError::new(column, "This bracket closes nothing.")),
        None => Ok(expr),
    }
}

struct Parser<'a> {
    tokens: &'a [(usize, Token)],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<(usize, &Token)> {
        self.tokens.get(self.at).map(|(column, token)| (*column, token))
    }

    fn any(&mut self, depth: usize) -> Result<Expr, SearchError> {
        let mut all = vec![self.all(depth)?];
        while let Some((column, token)) = self.peek() {
            if !is_word(token, "OR") {
                break;
            }
            let empty = |expr: &Expr| matches!(expr, Expr::All(terms) if terms.is_empty());
            self.at += 1;
            let next = self.all(depth)?;
            if all.last().is_some_and(empty) || empty(&next) {
                return Err(SearchError::new(column, "OR needs a term on both sides."));
            }
            all.push(next);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expr::Any(all) })
    }

    fn all(&mut self, depth: usize) -> Result<Expr, SearchError> {
        let mut terms = Vec::new();
        while let Some((column, token)) = self.peek() {
            match token {
                Token::Close => break,
                word if is_word(word, "OR") => break,
                word if is_word(word, "AND") => {
                    self.at += 1;
                    if terms.is_empty() || matches!(self.peek(), None | Some((_, Token::Close))) {
                        return Err(SearchError::new(column, "AND needs a term on both sides."));
                    }
                }
                Token::Open => {
                    if depth >= MAX_DEPTH {
                        return Err(SearchError::new(
                            column,
                            format!("Brackets nest at most {MAX_DEPTH} deep."),
                        ));
                    }
                    self.at += 1;
                    terms.push(self.any(depth + 1)?);
                    match self.peek() {
                        Some((_, Token::Close)) => self.at += 1,
                        _ => return Err(SearchError::new(column, "This bracket is not closed.")),
                    }
                }
                Token::Word(word) => {
                    terms.push(Expr::Term(term(column, word)?));
                    self.at += 1;
                }
            }
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Expr::All(terms) })
    }
}

fn is_word(token: &Token, wanted: &str) -> bool {
    match token {
        Token::Word(word) => {
            word.len() == wanted.len()
                && word.iter().zip(wanted.chars()).all(|(own, letter)| *own == (letter, false))
        }
        _ => false,
    }
}

type Letters = [(char, bool)];

fn term(column: usize, word: &Letters) -> Result<Term, SearchError> {
    let (negated, word, column_of_key) = match word {
        [('!', false), rest @ ..] if !rest.is_empty() => (true, rest, column + 1),
        _ => (false, word, column),
    };
    let colon = word.iter().position(|letter| *letter == (':', false));
    let split =
        colon.and_then(|colon| Some((key(&word[..colon])?, &word[colon + 1..], column_of_key + colon + 1)));
    let Some((key, value, column_of_value)) = split.filter(|(_, value, _)| !value.is_empty()) else {
        let text = text(word);
        if text.is_empty() {
            return Err(SearchError::new(column, "There is nothing between the quotation marks."));
        }
        return Ok(Term { column, negated, ask: Ask::Text(text) });
    };
    let ask = match &key {
        Key::Named(name) if name == "is" => Ask::Is(text(value).to_ascii_lowercase()),
        Key::Named(name) if name == "has" => {
            let name = self::key(value)
                .ok_or_else(|| SearchError::new(column_of_value, "has: needs the name of a field or tag."))?;
            Ask::Has(name)
        }
        _ => Ask::Filter { test: test(column_of_value, value)?, key },
    };
    Ok(Term { column, negated, ask })
}

/// `ValueError: x` and `http://..` are words, not keys.
fn key(letters: &Letters) -> Option<Key> {
    let name: String = letters.iter().map(|(letter, _)| *letter).collect();
    if letters.iter().any(|(_, quoted)| *quoted) {
        return None;
    }
    if let Some(tag) = name.strip_prefix("tags[").and_then(|rest| rest.strip_suffix(']')) {
        return (!tag.is_empty()).then(|| Key::Tag(tag.to_owned()));
    }
    if CAMEL.contains(&name.as_str()) {
        return Some(Key::Named(name));
    }
    let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
    let is_key = !name.is_empty() && !matches!(name.as_str(), "http" | "https") && name.chars().all(ok);
    is_key.then_some(Key::Named(name))
}

fn test(column: usize, value: &Letters) -> Result<Test, SearchError> {
    let needs = |rest: &Letters, sign: &str| {
        let text = text(rest);
        if text.is_empty() {
            Err(SearchError::new(column, format!("{sign} needs a value after it.")))
        } else {
            Ok(text)
        }
    };
    match value {
        [('>', false), ('=', false), rest @ ..] => Ok(Test::AtLeast(needs(rest, ">=")?)),
        [('<', false), ('=', false), rest @ ..] => Ok(Test::AtMost(needs(rest, "<=")?)),
        [('>', false), rest @ ..] => Ok(Test::Above(needs(rest, ">")?)),
        [('<', false), rest @ ..] => Ok(Test::Below(needs(rest, "<")?)),
        [('[', false), inner @ .., (']', false)] => {
            let parts: Vec<Pattern> = inner.split(|letter| *letter == (',', false)).map(pattern).collect();
            if parts.iter().any(|part| part.text.is_empty()) {
                return Err(SearchError::new(column, "A list needs values between its commas, like [a, b]."));
            }
            Ok(Test::Any(parts))
        }
        _ => Ok(range(value).unwrap_or_else(|| Test::Any(vec![pattern(value)]))),
    }
}

/// `1..5`, both ends beginning like a number or a date.
fn range(value: &Letters) -> Option<Test> {
    let dots = value.windows(2).position(|pair| pair == [('.', false), ('.', false)])?;
    let (from, to) = (text(&value[..dots]), text(&value[dots + 2..]));
    let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+'));
    (is_number(&from) && is_number(&to)).then_some(Test::Range(from, to))
}

fn pattern(letters: &Letters) -> Pattern {
    let wild = letters.contains(&('*', false));
    let quoted = letters.iter().any(|(_, quoted)| *quoted);
    let text = text(letters);
    Pattern { text: if quoted { text } else { text.trim().to_owned() }, wild }
}

/// Without the marks of empty quotes.
fn text(letters: &Letters) -> String {
    letters.iter().map(|(letter, _)| *letter).filter(|letter| *letter != '\u{0}').collect()
}

/// Keys that clients write with capitals.
const CAMEL: [&str; 6] = ["firstSeen", "lastSeen", "firstRelease", "lastRelease", "timesSeen", "assignedTo"];
const MAX_BYTES: usize = 4_096;
const MAX_DEPTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    /// An expression as one line, to compare with.
    fn show(expr: &Expr) -> String {
        let list = |all: &[Expr], between: &str| all.iter().map(show).collect::<Vec<_>>().join(between);
        match expr {
            Expr::All(all) => format!("({})", list(all, " & ")),
            Expr::Any(all) => format!("({})", list(all, " | ")),
            Expr::Term(Term { negated, ask, .. }) => {
                let ask = match ask {
                    Ask::Text(text) => format!("'{text}'"),
                    Ask::Is(state) => format!("is {state}"),
                    Ask::Has(key) => format!("has {}", key.name()),
                    Ask::Filter { key, test } => format!("{} {}", key.name(), show_test(test)),
                };
                if *negated { format!("not {ask}") } else { ask }
            }
        }
    }

    fn show_test(test: &Test) -> String {
        match test {
            Test::Any(all) => {
                let all = all.iter().map(|one| format!("{}{}", if one.wild { "~" } else { "=" }, one.text));
                all.collect::<Vec<_>>().join("/")
            }
            Test::Above(text) => format!("> {text}"),
            Test::AtLeast(text) => format!(">= {text}"),
            Test::Below(text) => format!("< {text}"),
            Test::AtMost(text) => format!("<= {text}"),
            Test::Range(from, to) => format!("in {from}..{to}"),
        }
    }

    #[test]
    fn lines_are_taken_apart() {
        for (line, shown) in [
            ("", "()"),
            ("   ", "()"),
            ("lost", "'lost'"),
            ("is:unresolved level:error", "(is unresolved & level =error)"),
            ("is:Unresolved", "is unresolved"),
            ("!level:error !has:user", "(not level =error & not has user)"),
            ("!lost", "not 'lost'"),
            ("a b OR c", "(('a' & 'b') | 'c')"),
            ("a (b OR c) d", "('a' & ('b' | 'c') & 'd')"),
            ("a AND b", "('a' & 'b')"),
            ("or and", "('or' & 'and')"),
            ("browser:\"Mobile Safari\"", "browser =Mobile Safari"),
            ("\"two words\"", "'two words'"),
            ("\"OR\"", "'OR'"),
            ("x:\"say \\\"hi\\\"\"", "x =say \"hi\""),
            ("http://x ValueError: y", "('http://x' & 'ValueError:' & 'y')"),
            ("times_seen:>10 age:<=-2d", "(times_seen > 10 & age <= -2d)"),
            ("times_seen:>=1 n:<5", "(times_seen >= 1 & n < 5)"),
            ("times_seen:1..5", "times_seen in 1..5"),
            ("path:../x", "path =../x"),
            ("release:shop@1.*", "release ~shop@1.*"),
            ("release:\"shop@*\"", "release =shop@*"),
            ("level:[error, fatal]", "level =error/=fatal"),
            ("tags[Some.Key]:1", "Some.Key =1"),
            ("has:tags[Some.Key]", "has Some.Key"),
            ("main() f(x):1", "('main()' & 'f(x):1')"),
            ("(main())", "'main()'"),
            ("user.email:a@b.c", "user.email =a@b.c"),
            ("x:", "'x:'"),
            ("url:http://a/b:8080", "url =http://a/b:8080"),
            ("firstSeen:-24h", "firstSeen =-24h"),
            ("x:\"\"", "x ="),
        ] {
            assert_eq!(show(&parse(line).unwrap()), shown, "{line}");
        }
    }

    #[test]
    fn errors_point_at_the_column() {
        for (line, column, word) in [
            ("a \"b", 3, "not closed"),
            ("x:[a", 3, "not closed"),
            ("a (b", 3, "not closed"),
            ("a b)", 4, "closes nothing"),
            ("OR a", 1, "both sides"),
            ("a OR", 3, "both sides"),
            ("a OR OR b", 3, "both sides"),
            ("(a OR )", 4, "both sides"),
            ("AND a", 1, "both sides"),
            ("x:>", 3, "needs a value"),
            ("ab:[a,,b]", 4, "between its commas"),
            ("has:\"x\"", 5, "needs the name"),
            ("\"\"", 1, "nothing between"),
        ] {
            let error = parse(line).unwrap_err();
            assert_eq!(error.column, column, "{line}: {error}");
            assert!(error.message.contains(word), "{line}: {error}");
        }
        assert!(parse(&"(".repeat(100)).unwrap_err().message.contains("nest"));
        assert!(parse(&"a ".repeat(300)).unwrap_err().message.contains("at most 200"));
        assert!(parse(&"a".repeat(5_000)).unwrap_err().message.contains("bytes"));
    }

    /// Whatever is typed is understood or refused at a column that is there.
    #[test]
    fn no_line_is_too_strange() {
        const PIECES: [&str; 26] = [
            "(", ")", "\"", "!", ":", "[", "]", ",", "*", "..", ">", "<=", "-", " ", " OR ", " AND ", "is:",
            "has:", "a", "Z9", "tags[", "\\\"", "ä", "\u{0}", "\t", "😠",
        ];
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..20_000 {
            let mut line = String::new();
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                line.push_str(PIECES[(state >> 40) as usize % PIECES.len()]);
            }
            if let Err(error) = parse(&line) {
                assert!((1..=line.chars().count()).contains(&error.column), "{line:?}: {error}");
            }
        }
    }

    #[test]
    fn columns_count_letters_and_not_bytes() {
        let Expr::All(terms) = parse("äö level:error").unwrap() else { panic!("two terms") };
        let Expr::Term(second) = &terms[1] else { panic!("a term") };
        assert_eq!(second.column, 4);
    }
}
