//! The crash driver against the gateway of this workspace, for a few rounds.

use std::path::Path;
use std::process::Command;

const DRIVER: &str = env!("CARGO_BIN_EXE_sotto-loadgen");

/// Builds the gateway beside the driver, which takes a moment if it is there already. Whether it is
/// there then.
fn build_gateway() -> std::io::Result<bool> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--package", "sotto-gateway"]);
    let profile = Path::new(DRIVER).parent();
    if let Some(target) = profile.and_then(Path::parent) {
        command.arg("--target-dir").arg(target);
    }
    if profile.is_some_and(|profile| profile.ends_with("release")) {
        command.arg("--release");
    }
    Ok(command.status()?.success())
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_when_the_gateway_is_killed() {
    assert!(build_gateway().unwrap());
    let output = Command::new(DRIVER)
        .args(["crash", "--rounds", "4", "--longest", "600", "--json"])
        .args(["--rate", "2000"])
        .env_remove("SOTTO_GATEWAY_BIN")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let figure = |name: &str| {
        let figures = report["figures"].as_array().unwrap().iter();
        let mut found = figures.filter(|figure| figure["name"] == name);
        found.next().unwrap()["value"].as_f64().unwrap()
    };
    assert_eq!(figure("kills"), 4.0);
    assert_eq!(figure("lost"), 0.0);
    assert_eq!(figure("doubled"), 0.0);
    assert!(figure("acknowledged") > 0.0 && figure("delivered") >= figure("acknowledged"));
}
