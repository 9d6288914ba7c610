//! `[[server.people]]`: each with a name, a role and a token; what cannot be is told with its place and its cure.

use marktwerk_server::{Role, hash_token};

use crate::case::case;

#[test]
fn people_have_a_name_a_role_and_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let hash = hash_token("hush").unwrap();
    std::fs::write(&file, format!("{hash}\n")).unwrap();
    let people = format!(
        "[server]\ntoken = \"hush-1\"\n\n[[server.people]]\nname = \"office\"\nrole = \"operator\"\ntoken_file = \"{}\"\n\
         [[server.people]]\nname = \"warehouse\"\nrole = \"viewer\"\ntoken_env = \"WAREHOUSE\"\n\
         [[server.people]]\nname = \"monitor\"\nrole = \"admin\"\ntoken = \"hush-3\"\n",
        file.display()
    );
    let settings = case(&people).with(&[("WAREHOUSE", "hush-2")]).load().unwrap();
    let told: Vec<_> = settings
        .server
        .people
        .iter()
        .map(|person| (person.name.as_str(), person.role, person.token.expose()))
        .collect();
    let expected = [
        ("office", Role::Operator, hash.as_str()),
        ("warehouse", Role::Viewer, "hush-2"),
        ("monitor", Role::Admin, "hush-3"),
    ];
    assert_eq!(told, expected);
    let origin = settings.origins.of(&settings.server.people[1].origin_key()).to_string();
    assert!(origin.ends_with("marktwerk.toml:9:1"), "{origin}");
    assert!(!format!("{settings:?}").contains("hush"));
}

#[test]
fn people_may_stand_in_the_environment() {
    let list = "[{name=\"office\",role=\"viewer\",token=\"hush\"}]";
    let settings = case("").with(&[("MARKTWERK_SERVER__PEOPLE", list)]).load().unwrap();
    assert_eq!(settings.server.people[0].role, Role::Viewer);
    let list = "[{name=\"a b\",role=\"viewer\",token=\"hush\"}]";
    let error = case("[server]\n").with(&[("MARKTWERK_SERVER__PEOPLE", list)]).error();
    assert_eq!(
        error,
        "environment variable MARKTWERK_SERVER__PEOPLE: [server.people] name: must be 1 to 60 letters, digits, - and _"
    );
}

#[test]
fn people_let_the_program_listen_on_every_address() {
    let listen = "[server]\nlisten = \"0.0.0.0:8000\"\n";
    assert!(case(listen).error().contains("[[server.people]]"));
    let person = "[[server.people]]\nname = \"office\"\nrole = \"admin\"\ntoken = \"long-and-at-random\"\n";
    assert!(case(&format!("{listen}{person}")).load().unwrap().server.has_access_control());
}

#[test]
fn a_person_who_cannot_be_is_refused_with_place_and_cure() {
    let person = |fields: &str| case(&format!("[[server.people]]\n{fields}\n")).error();
    let office = "name = \"office\"\nrole = \"viewer\"\n";
    for (fields, expected) in [
        ("role = \"viewer\"\ntoken = \"t\"", "marktwerk.toml:1:1: [server.people] name: is missing; add it"),
        ("name = \"office\"\ntoken = \"t\"", "marktwerk.toml:1:1: [server.people] role: is missing; add it"),
        (
            "name = \"\"\nrole = \"viewer\"\ntoken = \"t\"",
            "marktwerk.toml:2:1: [server.people] name: is empty; write a value",
        ),
        (
            "name = \"token\"\nrole = \"viewer\"\ntoken = \"t\"",
            "marktwerk.toml:2:1: [server.people] name: `token` means something else in the audit; choose another name",
        ),
        (
            "name = \"office\"\nrole = \"boss\"\ntoken = \"t\"",
            "marktwerk.toml:3:1: [server.people] role: must be viewer, operator or admin",
        ),
        (
            office,
            "marktwerk.toml:1:1: [server.people] token: is missing; add token, token_env (a variable) or token_file (a file)",
        ),
        (&format!("{office}token = \" \""), "marktwerk.toml:4:1: [server.people] token: is empty"),
        (
            &format!("{office}token = \"t\"\ntoken_env = \"T\""),
            "marktwerk.toml:4:1: [server.people] token: is given more than once",
        ),
        (
            &format!("{office}token_env = \"NOBODY\""),
            "marktwerk.toml:4:1: [server.people] token_env: the environment variable NOBODY is not set",
        ),
        (
            &format!("{office}token = \"$2b$12$abcdefgh\""),
            "marktwerk.toml:4:1: [server.people] token: is a hash, but not a complete one of Argon2; write the token itself",
        ),
        (
            &format!("{office}colour = \"red\"\ntoken = \"t\""),
            "marktwerk.toml:4:1: [server.people] has no key `colour`; known here: name, role, token, token_env, token_file",
        ),
    ] {
        let error = person(fields);
        assert!(error.starts_with(expected), "{error}");
        assert!(!error.contains("abcdefgh"), "{error}");
    }
    let error = case("[server]\ntoken = \"$argon2id$broken\"\n").error();
    assert!(
        error.starts_with("marktwerk.toml:2:1: [server] token: is a hash, but not a complete one"),
        "{error}"
    );
}

#[test]
fn a_name_and_a_token_belong_to_one_person() {
    let person = |name: &str, token: &str| {
        format!("[[server.people]]\nname = \"{name}\"\nrole = \"viewer\"\ntoken = \"{token}\"\n")
    };
    let error = case(&(person("office", "one") + &person("Office", "two"))).error();
    assert_eq!(
        error,
        "marktwerk.toml:6:1: [server.people] name: two people have this name; give each their own"
    );
    let error = case(&(person("office", "hush") + &person("warehouse", "hush"))).error();
    assert_eq!(
        error,
        "marktwerk.toml:8:1: [server.people] token: office has the same token; give each their own"
    );
    let error = case(&format!("[server]\ntoken = \"hush\"\n{}", person("office", "hush"))).error();
    assert!(error.contains("office has the same token as [server] token; give each their own"), "{error}");
}
