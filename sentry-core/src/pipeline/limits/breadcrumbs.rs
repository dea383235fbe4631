//! Breadcrumbs: shared with scopes, so copied only if something has to change.

use std::sync::Arc;

use super::meta::Path;
use super::size;
use super::walk::{Room, Walk};
use crate::pipeline::scrub::Place;
use crate::protocol::Breadcrumb;

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
    let short = |text: &Option<crate::text::Text>, max| text.as_ref().is_none_or(|text| text.len() <= max);
    let quiet = |text: &crate::text::Text| walk.scrub.free_text(text, size::MESSAGE).is_none();
    short(&crumb.message, size::MESSAGE)
        && short(&crumb.category, size::NAME)
        && short(&crumb.ty, size::NAME)
        && crumb.message.as_ref().is_none_or(quiet)
        && crumb.other.is_none()
        && walk.fits(Place::Trail, &crumb.data, &mut { ROOM })
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
