//! The lock on a data folder.

use marktwerk_store::StoreError;
use marktwerk_store::data_folder::DataFolder;

#[test]
fn a_second_holder_is_refused_by_name_until_the_first_lets_go() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let first = DataFolder::lock(&folder, "marktwerk serve").unwrap();
    let refused = DataFolder::lock(&folder, "marktwerk db migrate").unwrap_err();
    let StoreError::InUse { place, holder, .. } = &refused else { panic!("{refused:?}") };
    assert_eq!(*place, folder.display().to_string());
    let told = format!("process {}: marktwerk serve, since 20", std::process::id());
    assert!(holder.starts_with(&told) && holder.contains(" UTC"), "{holder}");
    assert_eq!(first.path(), folder);
    drop(first);
    DataFolder::lock(&folder, "short").unwrap();
    let text = std::fs::read_to_string(folder.join("marktwerk.lock")).unwrap();
    assert!(text.starts_with(&format!("process {}: short, since ", std::process::id())), "{text}");
    assert_eq!(text.lines().count(), 1, "nothing is left of the first one's: {text}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named_with_the_cure() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let refused = DataFolder::lock(&file.join("data"), "marktwerk serve").unwrap_err();
    assert!(matches!(refused, StoreError::Unusable { .. }), "{refused:?}");
    assert!(refused.to_string().contains("--data-dir"), "{refused}");
}
