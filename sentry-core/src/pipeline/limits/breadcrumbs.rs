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

/// The same for one that is not made yet.
pub(super) fn is_plainly_tidy(crumb: &PlainBreadcrumb<'_>, scrub: &Scrubber, keys: &mut KnownKeys) -> bool {
    let mut room = ROOM;
    let fits = |(key, value): &(&str, PlainValue<'_>)| {
        keys.is_harmless(key, scrub)
            && key_fits(key, &mut room)
            && match value {
                PlainValue::Text(text) => text_fits(scrub, Place::Trail, key, text, &mut room),
                PlainValue::Bool(_) | PlainValue::Number(_) | PlainValue::Digits(_) => scalar_fits(&mut room),
            }
    };
    are_tidy(crumb.message, crumb.category, crumb.ty, scrub) && crumb.data.iter().all(fits)
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

/// Names of fields that are no secrets: breadcrumbs have few, again and again.
#[derive(Debug, Default)]
pub(super) struct KnownKeys {
    keys: [Text; 4],
    next: usize,
}

impl KnownKeys {
    /// True if what stands under this key may stay.
    fn is_harmless(&mut self, key: &str, scrub: &Scrubber) -> bool {
        // The empty text stands for none here.
        if !key.is_empty() && self.keys.iter().any(|known| known.as_str() == key) {
            return true;
        }
        let is_harmless = !scrub.is_secret(Place::Trail, key);
        if is_harmless && let Some(place) = self.keys.get_mut(self.next) {
            *place = key.into();
            self.next = (self.next + 1) % self.keys.len();
        }
        is_harmless
    }
}

const ROOM: Room = Room { bytes: size::EXTRA, levels: size::LEVELS };
