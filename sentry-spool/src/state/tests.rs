use super::*;

fn only(dir: &Path) -> LeftBehind {
    let mut left = StateFile::left_behind(dir).unwrap();
    assert_eq!(left.len(), 1);
    left.remove(0)
}

/// A file whose owner is gone without a word.
fn abandoned(dir: &Path, states: &[&[u8]]) -> PathBuf {
    let file = StateFile::create(dir).unwrap();
    for state in states {
        file.write(state).unwrap();
    }
    file.path()
}

#[test]
fn the_last_state_is_found_once_its_owner_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let file = StateFile::create(dir.path()).unwrap();
    for n in 0..5u8 {
        file.write(&vec![n; 100 * usize::from(n)]).unwrap();
    }
    assert!(StateFile::left_behind(dir.path()).unwrap().is_empty(), "its owner lives");
    drop(file);
    let left = only(dir.path());
    assert_eq!(left.state.as_deref(), Some(&[4; 400][..]));
    assert!(!left.is_marked && !left.has_heirs && left.is_of_this_boot);
    assert!(StateFile::left_behind(dir.path()).unwrap().is_empty(), "somebody reads it");
    drop(left);
    only(dir.path()).forget().unwrap();
    assert!(StateFile::left_behind(dir.path()).unwrap().is_empty());
}

#[test]
fn a_torn_write_leaves_the_state_before() {
    let dir = tempfile::tempdir().unwrap();
    let path = abandoned(dir.path(), &[b"one", b"two"]);
    let whole = std::fs::read(&path).unwrap();
    for at in SLOTS[1]..SLOTS[1] + 24 + 3 {
        // The padding of the head is not looked at.
        if (16..24).contains(&(at - SLOTS[1])) {
            continue;
        }
        let mut torn = whole.clone();
        torn[usize::try_from(at).unwrap()] ^= 0x10;
        std::fs::write(&path, torn).unwrap();
        assert_eq!(only(dir.path()).state.as_deref(), Some(&b"one"[..]), "{at}");
    }
    for length in [0, 1, 64, 70, 90] {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(only(dir.path()).state, None, "{length}");
    }
}

#[test]
fn what_is_removed_is_not_found() {
    let dir = tempfile::tempdir().unwrap();
    let file = StateFile::create(dir.path()).unwrap();
    file.write(b"x").unwrap();
    file.remove().unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    assert!(StateFile::left_behind(&dir.path().join("missing")).unwrap().is_empty());
}

#[test]
fn a_state_of_another_boot_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = abandoned(dir.path(), &[b"one"]);
    let name = path.file_name().unwrap().to_str().unwrap();
    std::fs::rename(&path, dir.path().join(name.replacen(&boot(), "0badb007", 1))).unwrap();
    let left = only(dir.path());
    assert!(!left.is_of_this_boot);
    assert_eq!(left.state, None, "the checksum holds for its own name only");
}

#[test]
fn an_heir_notes_itself() {
    let dir = tempfile::tempdir().unwrap();
    let path = abandoned(dir.path(), &[b"one"]);
    StateFile::note_heir(&path);
    let left = only(dir.path());
    assert!(left.has_heirs && !left.is_marked);
    assert_eq!(left.state.as_deref(), Some(&b"one"[..]));
}

#[test]
fn threads_do_not_get_in_each_others_way() {
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    StateFile::create(dir.path()).unwrap().remove().unwrap();
                }
            });
        }
    });
}

#[test]
fn numbers_are_used_again_and_states_are_bounded() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..100 {
        StateFile::create(dir.path()).unwrap().remove().unwrap();
    }
    let file = StateFile::create(dir.path()).unwrap();
    assert!(file.write(&[0; MAX_STATE_BYTES + 1]).unwrap_err().is_too_large());
    file.write(&[7; MAX_STATE_BYTES]).unwrap();
    file.write(&[8; MAX_STATE_BYTES]).unwrap();
    drop(file);
    assert_eq!(only(dir.path()).state.unwrap(), [8; MAX_STATE_BYTES]);
}
