//! Breadcrumbs: shared with scopes, so copied only if something has to change.

use std::sync::Arc;

use super::meta::Path;
use super::size;
use super::walk::{Room, Walk, key_fits, scalar_fits, text_fits};
use super::writer::{PlainBreadcrumb, PlainValue};
use crate::pipeline::scrub::{Place, Scrubber};
use crate::protocol::Breadcrumb;
use crate::text::Text;

pub(super) fn tidy(list: &mut [Arc<Breadcrumb>], walk: &mut Walk<'_>) {
    let path = Path::root("breadcrumbs");
    let path = path.key("values");
    for (index, crumb) in list.iter_mut().enumerate() {
        if !is_tidy(crumb, walk) {
            self::crumb(Arc::make_mut(crumb), walk, &path.index(index));
        }
    }
}

/// True if [`crumb`] would change nothing.
fn is_tidy(crumb: &Breadcrumb, walk: &Walk<'_>) -> bool {
    let [message, category, ty] = [&crumb.message, &crumb.category, &crumb.ty].map(Option::as_deref);
    are_tidy(message, category, ty, walk.scrub)
        && crumb.other.is_none()
        && walk.fits(Place::Trail, &crumb.data, &mut { ROOM })
}

/// True if nothing has to change for what those of one shape have in common.
pub(super) fn has_tidy_names(like: &PlainBreadcrumb<'_>, scrub: &Scrubber) -> bool {
    are_tidy(None, like.category, like.ty, scrub)
        && like.data.iter().all(|(name, _)| !scrub.is_secret(Place::Trail, name))
}

/// The same for what differs; there has to be a value for each name.
pub(super) fn has_tidy_values(
    message: Option<&str>,
    names: &[Text],
    values: &[PlainValue<'_>],
    scrub: &Scrubber,
) -> bool {
    let mut room = ROOM;
    let fits = |(name, value): (&Text, &PlainValue<'_>)| {
        key_fits(name, &mut room)
            && match value {
                PlainValue::Text(text) => text_fits(scrub, Place::Trail, name, text, &mut room),
                PlainValue::Bool(_) | PlainValue::Number(_) | PlainValue::Digits(_) => scalar_fits(&mut room),
            }
    };
    names.len() == values.len() && are_tidy(message, None, None, scrub) && names.iter().zip(values).all(fits)
}

fn are_tidy(message: Option<&str>, category: Option<&str>, ty: Option<&str>, scrub: &Scrubber) -> bool {
    message.is_none_or(|text| text.len() <= size::MESSAGE && scrub.free_text(text, size::MESSAGE).is_none())
        && [category, ty].into_iter().flatten().all(|text| text.len() <= size::NAME)
}

fn crumb(crumb: &mut Breadcrumb, walk: &mut Walk<'_>, path: &Path<'_>) {
    walk.free(&mut crumb.message, size::MESSAGE, &path.key("message"));
    walk.short(&mut crumb.category, size::NAME, &path.key("category"));
    walk.short(&mut crumb.ty, size::NAME, &path.key("type"));
    if !crumb.data.is_empty() {
        walk.map(Place::Trail, &mut crumb.data, &mut { ROOM }, &path.key("data"));
    }
    if let Some(other) = &mut crumb.other {
        walk.map(Place::Own, &mut **other, &mut { ROOM }, path);
    }
}

const ROOM: Room = Room { bytes: size::EXTRA, levels: size::LEVELS };
