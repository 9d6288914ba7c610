//! The self-test: nothing to say of a good set-up, one sentence for each thing that is wrong.

use marktwerk_erp::{Erp, Jtl, JtlSettings};

use crate::world::{World, on_both};

on_both!(
    a_good_set_up_has_no_findings,
    each_wrong_setting_is_a_sentence_that_names_it,
    a_foreign_schema_or_version_is_a_finding_too,
    that_nobody_chose_a_warehouse_is_told_where_there_are_several,
);

async fn a_good_set_up_has_no_findings(world: World) {
    let settings = JtlSettings { warehouses: vec![1, 2], ..world.settings() };
    assert_eq!(Jtl::open(settings).await.unwrap().check().await.unwrap(), Vec::<String>::new());
}

async fn each_wrong_setting_is_a_sentence_that_names_it(world: World) {
    let settings = JtlSettings {
        company: 9,
        user: 2,
        warehouses: vec![1, 3, 8],
        shipping_method: "Ruhend".to_owned(),
        payment_method: "Bar".to_owned(),
        platform: 1,
        ..world.settings()
    };
    let findings = Jtl::open(settings).await.unwrap().check().await.unwrap();
    let named: Vec<&str> = findings.iter().filter_map(|finding| finding.split(':').next()).collect();
    assert_eq!(
        named,
        [
            "[erp.jtl] company",
            "[erp.jtl] user",
            "[erp.jtl] shipping_method",
            "[erp.jtl] payment_method",
            "[erp.jtl] warehouses",
            "[erp.jtl] warehouses",
            "[erp.jtl] platform",
        ]
    );
}

async fn a_foreign_schema_or_version_is_a_finding_too(world: World) {
    world.run("UPDATE tversion SET cVersion = '2.0.0'; DROP TABLE tVersandPos; DROP TABLE tPlattform");
    let findings = world.open().await.check().await.unwrap();
    assert_eq!(findings.len(), 3, "{findings:?}");
    assert!(
        findings[0].contains("tVersandPos") && findings[0].contains("missing")
            || findings[0].contains("no such table")
    );
    assert!(findings.iter().any(|finding| finding.contains("2.0.0")), "{findings:?}");
    assert!(findings.iter().any(|finding| finding.contains("tPlattform")), "{findings:?}");
}

async fn that_nobody_chose_a_warehouse_is_told_where_there_are_several(world: World) {
    let told = async |warehouses: Vec<i64>| {
        let jtl = Jtl::open(JtlSettings { warehouses, ..world.settings() }).await.unwrap();
        let advice = jtl.advice().await.unwrap();
        advice.into_iter().find(|sentence| sentence.contains("[erp.jtl] warehouses"))
    };
    let sentence = told(Vec::new()).await.unwrap();
    assert!(
        sentence.contains("all 2 warehouses in use") && sentence.contains("kWarenLager 1, 2)"),
        "{sentence}"
    );
    assert_eq!(told(vec![1]).await, None);
    world.run("UPDATE tWarenLager SET nAktiv = 0 WHERE kWarenLager = 2");
    assert_eq!(told(Vec::new()).await, None);
}

#[tokio::test]
async fn settings_are_read_as_they_are_written() {
    let read = |text: &str| serde_json::from_str::<JtlSettings>(text);
    assert_eq!(read("{}").unwrap(), JtlSettings::default());
    let settings =
        read(r#"{"date_style": "dotted", "country_style": "german_name", "warehouses": [2]}"#).unwrap();
    assert_eq!(settings.warehouses, [2]);
    assert!(read(r#"{"warehouse": 2}"#).is_err(), "an unknown name is an error");
    let error =
        Jtl::open(JtlSettings { time_zone: "Europe/Nowhere".to_owned(), ..settings }).await.unwrap_err();
    assert!(error.to_string().starts_with("[erp.jtl] time_zone"));
}
