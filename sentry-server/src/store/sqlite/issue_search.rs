//! A search line as the `WHERE` part of an issue list. Callers' texts are arguments, never part of the statement.

use rusqlite::types::Value as Sql;

use super::tags;
use crate::instant::{self, Micros};
use crate::search::{Ask, Expr, Key, Pattern, SearchError, Term, Test};
use crate::store::IssueContext;

/// A condition and the values of its places.
#[derive(Debug, Default)]
pub(super) struct Condition {
    pub(super) sql: String,
    pub(super) arguments: Vec<Sql>,
}

/// Translates a search.
///
/// # Errors
/// With the column of a value or state that issues do not have.
pub(super) fn condition(expr: &Expr, context: &IssueContext) -> Result<Condition, SearchError> {
    let mut condition = Condition::default();
    write(expr, context, &mut condition)?;
    Ok(condition)
}

fn write(expr: &Expr, context: &IssueContext, out: &mut Condition) -> Result<(), SearchError> {
    match expr {
        Expr::All(all) => group(all, " AND ", "1", context, out),
        Expr::Any(all) => group(all, " OR ", "0", context, out),
        Expr::Term(term) => {
            out.sql.push_str(if term.negated { "NOT coalesce((" } else { "(" });
            one(term, context, out)?;
            out.sql.push_str(if term.negated { "), 0)" } else { ")" });
            Ok(())
        }
    }
}

fn group(
    all: &[Expr],
    between: &str,
    empty: &str,
    context: &IssueContext,
    out: &mut Condition,
) -> Result<(), SearchError> {
    if all.is_empty() {
        out.sql.push_str(empty);
        return Ok(());
    }
    out.sql.push('(');
    for (number, expr) in all.iter().enumerate() {
        if number > 0 {
            out.sql.push_str(between);
        }
        write(expr, context, out)?;
    }
    out.sql.push(')');
    Ok(())
}

fn one(term: &Term, context: &IssueContext, out: &mut Condition) -> Result<(), SearchError> {
    match &term.ask {
        Ask::Text(text) => {
            out.sql.push_str(TEXTS);
            out.sql.push_str(" LIKE ? ESCAPE '\\'");
            out.arguments.push(format!("%{}%", escape_like(text)).into());
            Ok(())
        }
        Ask::Is(state) => is(term.column, state, context, out),
        Ask::Has(key) => {
            match column(key) {
                Some(Column::Text(sql)) => out.sql.push_str(&format!("{sql} IS NOT NULL AND {sql} <> ''")),
                Some(_) => out.sql.push('1'),
                None => {
                    out.sql.push_str(tags::HAS);
                    let key = Sql::from(key.name().to_owned());
                    out.arguments.extend([key.clone(), key]);
                }
            }
            Ok(())
        }
        Ask::Filter { key, test } => filter(term.column, key, test, context, out),
    }
}

fn is(column: usize, state: &str, context: &IssueContext, out: &mut Condition) -> Result<(), SearchError> {
    let sql = match state {
        "unresolved" => "status = 'unresolved'",
        "resolved" => "status = 'resolved'",
        "ignored" | "archived" | "muted" => "status = 'ignored'",
        "assigned" => "assignee IS NOT NULL",
        "unassigned" => "assignee IS NULL",
        "new" => "substatus = 'new'",
        "ongoing" => "substatus = 'ongoing'",
        "regressed" => "substatus = 'regressed'",
        "escalating" => "substatus = 'escalating'",
        "unhandled" => "unhandled = 1",
        "handled" => "unhandled = 0",
        "bookmarked" => {
            out.sql.push_str(
                "EXISTS (SELECT 1 FROM issue_marks m WHERE m.issue_id = issues.id AND m.mark = 'bookmark' AND m.user_id = ?)",
            );
            out.arguments.push(context.user.map_or(Sql::Null, Sql::from));
            return Ok(());
        }
        other => {
            return Err(SearchError::new(
                column,
                format!(
                    "is:{other} is not known; there are unresolved, resolved, ignored, assigned, unassigned, new, ongoing, \
                     regressed, escalating, handled, unhandled and bookmarked."
                ),
            ));
        }
    };
    out.sql.push_str(sql);
    Ok(())
}

/// What a field is kept as.
enum Column {
    Text(&'static str),
    Number(&'static str),
    Time(&'static str),
}

fn column(key: &Key) -> Option<Column> {
    let Key::Named(name) = key else { return None };
    Some(match name.as_str() {
        "status" => Column::Text("status"),
        "substatus" => Column::Text("substatus"),
        "level" => Column::Text("level"),
        "platform" | "platform.name" => Column::Text("platform"),
        "logger" => Column::Text("logger"),
        "title" => Column::Text("title"),
        "culprit" | "location" => Column::Text("culprit"),
        "type" | "event.type" => Column::Text("kind"),
        "error.type" => Column::Text("metadata ->> '$.type'"),
        "error.value" => Column::Text("metadata ->> '$.value'"),
        "message" => Column::Text(TEXTS),
        "priority" | "issue.priority" => Column::Text(PRIORITY),
        "first_release" | "firstRelease" | "first-release" => Column::Text("first_release"),
        "last_release" | "lastRelease" => Column::Text("last_release"),
        "id" | "issue.id" => Column::Number("id"),
        "times_seen" | "timesSeen" | "event.count" => Column::Number("events"),
        "users_seen" | "user.count" => Column::Number("users"),
        "age" | "first_seen" | "firstSeen" => Column::Time("first_seen"),
        "last_seen" | "lastSeen" => Column::Time("last_seen"),
        _ => return None,
    })
}

fn filter(
    at: usize,
    key: &Key,
    test: &Test,
    context: &IssueContext,
    out: &mut Condition,
) -> Result<(), SearchError> {
    match column(key) {
        Some(Column::Text(sql)) => text(at, sql, test, out),
        Some(Column::Number(sql)) => number(at, sql, test, out),
        Some(Column::Time(sql)) => time(at, sql, test, context, out),
        None => match key {
            Key::Named(name) if matches!(name.as_str(), "assigned" | "assigned_to" | "assignedTo") => {
                assigned(at, test, context, out)
            }
            Key::Named(name) if matches!(name.as_str(), "project" | "project.name" | "project.id") => {
                project(at, test, context, out)
            }
            Key::Named(name) if matches!(name.as_str(), "error.unhandled" | "error.handled") => {
                let wanted = single(at, test)?.text == "true" || single(at, test)?.text == "1";
                out.sql.push_str(if wanted == (name == "error.unhandled") {
                    "unhandled = 1"
                } else {
                    "unhandled = 0"
                });
                Ok(())
            }
            _ => tag(at, key.name(), test, out),
        },
    }
}

fn text(at: usize, sql: &str, test: &Test, out: &mut Condition) -> Result<(), SearchError> {
    let Test::Any(patterns) = test else {
        return Err(SearchError::new(at, "This field holds text: it cannot be compared with < and >."));
    };
    let tests = patterns.iter().map(|pattern| {
        out.arguments.push(like(pattern).into());
        format!("{sql} LIKE ? ESCAPE '\\'")
    });
    let tests: Vec<String> = tests.collect();
    out.sql.push_str(&format!("({})", tests.join(" OR ")));
    Ok(())
}

fn tag(at: usize, key: &str, test: &Test, out: &mut Condition) -> Result<(), SearchError> {
    let Test::Any(patterns) = test else {
        return Err(SearchError::new(at, "Tags hold text: they cannot be compared with < and >."));
    };
    let mut tests = Vec::new();
    for pattern in patterns {
        let (condition, value) = match pattern.wild {
            true => (tags::LIKE, like(pattern)),
            false => (tags::IS, pattern.text.clone()),
        };
        let place = [Sql::from(key.to_owned()), value.into()];
        out.arguments.extend(place.iter().chain(&place).cloned());
        tests.push(condition);
    }
    out.sql.push_str(&format!("({})", tests.join(" OR ")));
    Ok(())
}

fn number(at: usize, sql: &str, test: &Test, out: &mut Condition) -> Result<(), SearchError> {
    let read = |text: &str| {
        text.parse::<i64>().map_err(|_| SearchError::new(at, format!("{text:?} is not a whole number.")))
    };
    compare(sql, test, out, |text| read(text).map(|number| (number, number)))
}

fn time(
    at: usize,
    sql: &str,
    test: &Test,
    context: &IssueContext,
    out: &mut Condition,
) -> Result<(), SearchError> {
    // `-24h` by itself is newer than that, `+24h` older.
    if let Test::Any(patterns) = test
        && let [Pattern { text, .. }] = patterns.as_slice()
        && let Some(period) = text.strip_prefix(['-', '+']).and_then(instant::period)
    {
        out.sql.push_str(&format!("{sql} {} ?", if text.starts_with('-') { ">=" } else { "<=" }));
        out.arguments.push((context.now - period).into());
        return Ok(());
    }
    compare(sql, test, out, |text| {
        moment(text, context.now).ok_or_else(|| {
            SearchError::new(
                at,
                format!("{text:?} is no time; write 2026-01-31, 2026-01-31T12:00:00Z or -24h."),
            )
        })
    })
}

/// The first and the last microsecond that a text stands for: a date is a whole day.
fn moment(text: &str, now: Micros) -> Option<(Micros, Micros)> {
    if let Some(period) = text.strip_prefix('-').and_then(instant::period) {
        return Some((now - period, now - period));
    }
    let parse = |text: &str| watchpost_core::Timestamp::parse_rfc3339(text).map(|at| at.micros());
    if text.len() == 10 {
        let start = parse(&format!("{text}T00:00:00Z"))?;
        return Some((start, start + instant::DAY - 1));
    }
    let zoned = if text.contains('Z') || text.contains('+') { text.to_owned() } else { format!("{text}Z") };
    parse(&zoned).map(|at| (at, at))
}

fn compare(
    sql: &str,
    test: &Test,
    out: &mut Condition,
    read: impl Fn(&str) -> Result<(i64, i64), SearchError>,
) -> Result<(), SearchError> {
    let mut put = |operator: &str, value: i64| {
        out.sql.push_str(&format!("{sql} {operator} ?"));
        out.arguments.push(value.into());
    };
    match test {
        Test::Above(text) => put(">", read(text)?.1),
        Test::AtLeast(text) => put(">=", read(text)?.0),
        Test::Below(text) => put("<", read(text)?.0),
        Test::AtMost(text) => put("<=", read(text)?.1),
        Test::Range(from, to) => {
            let (from, to) = (read(from)?.0, read(to)?.1);
            out.sql.push_str(&format!("{sql} BETWEEN ? AND ?"));
            out.arguments.extend([from.into(), to.into()]);
        }
        Test::Any(patterns) => {
            let mut tests = Vec::new();
            for pattern in patterns {
                let (from, to) = read(&pattern.text)?;
                tests.push(format!("{sql} BETWEEN ? AND ?"));
                out.arguments.extend([from.into(), to.into()]);
            }
            out.sql.push_str(&format!("({})", tests.join(" OR ")));
        }
    }
    Ok(())
}

fn assigned(at: usize, test: &Test, context: &IssueContext, out: &mut Condition) -> Result<(), SearchError> {
    let pattern = single(at, test)?;
    match pattern.text.as_str() {
        "none" => {
            out.sql.push_str("assignee IS NULL");
            return Ok(());
        }
        "me" => {
            out.sql.push_str("assignee = ?");
            out.arguments.push(context.user.map_or(Sql::Null, |user| format!("user:{user}").into()));
        }
        name if name.starts_with('#') => {
            out.sql.push_str(
                "assignee = (SELECT 'team:' || t.id FROM teams t JOIN projects p ON p.org_id = t.org_id \
                 WHERE t.slug = ? AND p.id = issues.project_id)",
            );
            out.arguments.push(name[1..].to_owned().into());
        }
        name => {
            out.sql.push_str("assignee = (SELECT 'user:' || id FROM users WHERE username = ?)");
            out.arguments.push(name.to_owned().into());
        }
    }
    Ok(())
}

fn project(at: usize, test: &Test, context: &IssueContext, out: &mut Condition) -> Result<(), SearchError> {
    let Test::Any(patterns) = test else {
        return Err(SearchError::new(at, "Projects cannot be compared with < and >."));
    };
    let known = |id: i64, slug: &str| {
        patterns.iter().any(|pattern| pattern.matches(slug) || pattern.text == id.to_string())
    };
    let ids = context.projects.iter().filter(|(id, slug)| known(*id, slug)).map(|(id, _)| id.to_string());
    let ids: Vec<String> = ids.collect();
    if ids.is_empty() {
        return Err(SearchError::new(at, "There is no such project."));
    }
    out.sql.push_str(&format!("project_id IN ({})", ids.join(",")));
    Ok(())
}

fn single(at: usize, test: &Test) -> Result<&Pattern, SearchError> {
    match test {
        Test::Any(patterns) if patterns.len() == 1 => Ok(&patterns[0]),
        _ => Err(SearchError::new(at, "This field takes one value.")),
    }
}

fn like(pattern: &Pattern) -> String {
    let text = escape_like(&pattern.text);
    if pattern.wild { text.replace('*', "%") } else { text }
}

fn escape_like(word: &str) -> String {
    word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

const TEXTS: &str = "concat_ws(' ', title, culprit, metadata ->> '$.value', metadata ->> '$.filename')";
/// As it is shown: what somebody set, else by the level.
const PRIORITY: &str = "coalesce(priority, CASE level WHEN 'fatal' THEN 'high' WHEN 'error' THEN 'high' WHEN 'warning' THEN 'medium' ELSE 'low' END)";
