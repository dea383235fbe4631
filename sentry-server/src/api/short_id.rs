//! `SHOP-1A`: the project's slug and the number in base 32, without letters that look like digits.

const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The short id of an issue.
pub(super) fn format(slug: &str, number: i64) -> String {
    let mut digits = Vec::new();
    let mut rest = number.unsigned_abs();
    loop {
        digits.push(char::from(DIGITS[(rest % 32) as usize]));
        rest /= 32;
        if rest == 0 {
            break;
        }
    }
    let number: String = digits.iter().rev().collect();
    format!("{}-{number}", slug.to_uppercase())
}

/// The slug, whatever its case, and the number.
pub(super) fn parse(text: &str) -> Option<(&str, i64)> {
    let (slug, number) = text.rsplit_once('-')?;
    if slug.is_empty() || number.is_empty() || number.len() > 12 {
        return None;
    }
    let mut value = 0_i64;
    for letter in number.bytes() {
        let letter = match letter.to_ascii_uppercase() {
            b'O' => b'0',
            b'I' | b'L' => b'1',
            other => other,
        };
        let digit = DIGITS.iter().position(|known| *known == letter)?;
        value = value * 32 + digit as i64;
    }
    Some((slug, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ids_read_back() {
        assert_eq!(format("my-shop", 42), "MY-SHOP-1A");
        for number in [0, 1, 31, 32, 1_000_000] {
            let text = format("shop", number);
            assert_eq!(parse(&text), Some(("SHOP", number)));
        }
        for wrong in ["", "SHOP", "-1", "SHOP-", "SHOP-!", "SHOP-1234567890ABC"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
