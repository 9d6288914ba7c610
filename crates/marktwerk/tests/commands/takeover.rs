//! `marktwerk takeover`: what has to be there before anybody is asked.

use std::process::Command;

use crate::program::Said;

/// What the command says in an empty folder with these variables.
fn say(variables: &[(&str, &str)], arguments: &[&str]) -> (Said, bool) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_marktwerk"));
    command.current_dir(folder.path()).env_clear().envs(variables.iter().copied());
    let said = command.arg("takeover").args(arguments).output().unwrap().into();
    let is_empty = std::fs::read_dir(folder.path()).unwrap().next().is_none();
    (said, is_empty)
}

const ACCOUNT: [(&str, &str); 3] =
    [("TEMU_APP_KEY", "k"), ("TEMU_APP_SECRET", "s"), ("TEMU_ACCESS_TOKEN", "t")];

#[test]
fn what_is_missing_is_named_and_nothing_is_made() {
    let from = ["--from", "mssql://shop:hush@localhost/toci"];
    let cases: [(bool, &[&str], &str); 6] = [
        (true, &[], "Name it with --from"),
        (true, &["--from", "toci"], "--from: this is not an address"),
        (true, &["--from", "mssql://shop:hush@localhost"], "no database is named"),
        (false, &from, "no account is configured"),
        (true, &["--from", from[1], "--account", "other"], "there is no account other; configured are: temu"),
        (true, &from, "no JTL is set ([sqlserver] server or [erp.jtl] url)"),
    ];
    for (has_account, arguments, told) in cases {
        let variables: &[(&str, &str)] = if has_account { &ACCOUNT } else { &[] };
        let (said, is_empty) = say(variables, arguments);
        assert!(said.code == 2 && said.error.contains(told), "{arguments:?}: {said:?}");
        assert!(is_empty && !said.error.contains("hush"), "{arguments:?}: {said:?}");
    }
    let (said, _) = say(&ACCOUNT, &["--days", "0"]);
    assert!(said.code == 2 && said.error.contains("must be from 1 to 365 days"), "{said:?}");
}
