//! Proxies that the environment names: what goes through them, and what errors say of them.

mod servers;

use std::process::Output;

use crate::support::{simulator, stderr, stdout, vainu_etl, value};
use servers::{Answer, Connects, Socks, tls_before};
use vainu_etl::simulator::DEMO_API_KEY;

/// A command with credentials and an environment, in a folder of its own.
fn run(dir: &std::path::Path, base_url: &str, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = vainu_etl(dir);
    command.env("VAINU_API_KEY", DEMO_API_KEY).envs(environment.iter().copied());
    // Only the test's own authority is trusted.
    command.env("SSL_CERT_FILE", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/proxy/ca.pem"));
    command.args(["--base-url", base_url]).args(arguments).output().unwrap()
}

const SYNC: &[&str] = &["sync", "prospects"];

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_through_the_proxy_whichever_variable_names_it() {
    let simulator = simulator(60, &[]).await;
    let tls = tls_before(&simulator).await;
    let base_url = format!("https://localhost:{tls}/api/v1/");
    let proxy = Connects::start(Answer::Through).await;
    let socks = Socks::start().await;
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        for address in [
            format!("http://user:pl%40nted@127.0.0.1:{}", proxy.port),
            format!("127.0.0.1:{}", proxy.port),
            format!("socks5h://127.0.0.1:{}", socks.port),
            format!("socks5://127.0.0.1:{}", socks.port),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let before = (proxy.heard().len(), socks.heard().len());
            let output = run(dir.path(), &base_url, &[(name, &address)], SYNC);
            assert_eq!(output.status.code(), Some(0), "{name}={address}: {}", stderr(&output));
            assert_eq!(value::<i64>(&dir.path().join("vainu.duckdb"), "SELECT count(*) FROM prospects"), 60);
            let after = (proxy.heard().len(), socks.heard().len());
            let is_socks = address.starts_with("socks");
            assert_eq!((after.0 > before.0, after.1 > before.1), (!is_socks, is_socks), "{name}={address}");
        }
    }
    let heard = proxy.heard();
    assert!(
        heard.iter().all(|head| head.starts_with(&format!("CONNECT localhost:{tls} HTTP/1.1"))),
        "{heard:?}"
    );
    // user:pl@nted, as Basic authentication writes it.
    assert!(heard.iter().any(|head| head.contains("Basic dXNlcjpwbEBudGVk")), "{heard:?}");
    assert!(socks.heard().iter().any(|target| *target == format!("localhost:{tls}")), "{:?}", socks.heard());
}

#[tokio::test(flavor = "multi_thread")]
async fn excepted_hosts_and_this_computer_are_reached_directly() {
    let simulator = simulator(60, &[]).await;
    let tls = tls_before(&simulator).await;
    let proxy = Connects::start(Answer::Through).await;
    let address = format!("http://127.0.0.1:{}", proxy.port);
    for (base_url, environment) in [
        (
            format!("https://localhost:{tls}/api/v1/"),
            vec![("HTTPS_PROXY", &*address), ("NO_PROXY", "localhost")],
        ),
        (
            format!("https://localhost:{tls}/api/v1/"),
            vec![("ALL_PROXY", &*address), ("no_proxy", "a.example, *")],
        ),
        (
            format!("https://localhost:{tls}/api/v1/"),
            vec![("HTTP_PROXY", &*address), ("http_proxy", &*address)],
        ),
        (format!("https://localhost:{tls}/api/v1/"), vec![("HTTPS_PROXY", "")]),
        (
            simulator.base_url(),
            vec![("HTTP_PROXY", &*address), ("ALL_PROXY", &*address), ("HTTPS_PROXY", &*address)],
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let output = run(dir.path(), &base_url, &environment, SYNC);
        assert_eq!(output.status.code(), Some(0), "{environment:?}: {}", stderr(&output));
        assert_eq!(proxy.heard(), Vec::<String>::new(), "{environment:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_names_the_proxy_without_its_password() {
    let simulator = simulator(60, &[]).await;
    let base_url = "https://api.vainu.example/api/v1/";
    let refusing = Connects::start(Answer::Says("HTTP/1.1 403 Forbidden\r\n\r\n")).await;
    let closing = Connects::start(Answer::Closes).await;
    let through = Connects::start(Answer::To(simulator.base_url())).await;
    let hint = "name the API's host in NO_PROXY";
    for (name, address, code, words) in [
        (
            "HTTPS_PROXY",
            "http://user:planted@127.0.0.1:1".to_owned(),
            4,
            &["through the proxy http://127.0.0.1:1 (HTTPS_PROXY)", hint][..],
        ),
        (
            "https_proxy",
            "http://user:planted@proxy-test.invalid:8080".to_owned(),
            4,
            &["through the proxy http://proxy-test.invalid:8080 (https_proxy)", hint],
        ),
        (
            "ALL_PROXY",
            "socks5://user:planted@127.0.0.1:1".to_owned(),
            4,
            &["through the proxy socks5://127.0.0.1:1 (ALL_PROXY)", hint],
        ),
        (
            "HTTPS_PROXY",
            format!("user:planted@127.0.0.1:{}", refusing.port),
            4,
            &["(HTTPS_PROXY)", "the proxy refuses to connect", hint],
        ),
        (
            "HTTPS_PROXY",
            format!("http://user:planted@127.0.0.1:{}", closing.port),
            4,
            &["(HTTPS_PROXY)", "the proxy closed the connection"],
        ),
        (
            "HTTPS_PROXY",
            format!("http://user:planted@127.0.0.1:{}", through.port),
            4,
            &["is not trusted", "through the proxy http://127.0.0.1:"],
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let output = run(
            dir.path(),
            base_url,
            &[(name, &address)],
            &["-vvv", "sync", "prospects", "--max-duration", "60s"],
        );
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{address}: {said}");
        for words in words {
            assert!(said.contains(words), "no `{words}` in {said}");
        }
        assert!(!said.contains("planted") && !said.contains("dXNlcjp"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_asks_for_a_password_is_not_asked_again_and_again() {
    let proxy = Connects::start(Answer::Says(
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n",
    ))
    .await;
    let dir = tempfile::tempdir().unwrap();
    let address = format!("http://user:planted@127.0.0.1:{}", proxy.port);
    let output = run(dir.path(), "https://api.vainu.example/api/v1/", &[("HTTPS_PROXY", &address)], SYNC);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    let words = format!(
        "is not let through by the proxy http://127.0.0.1:{} (HTTPS_PROXY): it asks for a user name and password (407)",
        proxy.port
    );
    assert!(said.contains(&words), "{said}");
    assert!(said.contains("http://USER:PASSWORD@HOST:PORT") && !said.contains("planted"), "{said}");
    assert_eq!(proxy.heard().len(), 1);
}

#[test]
fn what_is_no_proxy_is_a_mistake_in_the_configuration() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        for address in
            ["ftp://user:planted@p:1", "http://user:pla/nted@p:8080", "http://p:99999", "socks9://p:1"]
        {
            for arguments in [SYNC, &["plan"], &["job", "show", "1"]] {
                let output =
                    run(dir.path(), "https://api.vainu.example/api/v1/", &[(name, address)], arguments);
                let said = stderr(&output);
                assert_eq!(output.status.code(), Some(2), "{name}={address} {arguments:?}: {said}");
                assert!(said.contains(&format!("the proxy in `{name}` is refused")), "{said}");
                assert!(said.contains("hint: ") && !said.contains("nted"), "{said}");
            }
        }
    }
}

#[test]
fn doctor_shows_the_proxy_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let base_url = "https://api.vainu.example/api/v1/";
    for (environment, code, words) in [
        (
            &[("HTTPS_PROXY", "http://user:planted@p.example:3128")][..],
            0,
            "ok    proxy        http://p.example:3128 (HTTPS_PROXY)",
        ),
        (
            &[("ALL_PROXY", "socks5h://p.example:1080"), ("NO_PROXY", ".vainu.example")],
            0,
            "ok    proxy        none",
        ),
        (&[], 0, "ok    proxy        none"),
        (
            &[("HTTPS_PROXY", "ftp://user:planted@p.example")],
            2,
            "FAIL  proxy        the proxy in `HTTPS_PROXY` is refused",
        ),
    ] {
        let output = run(dir.path(), base_url, environment, &["doctor", "--offline"]);
        assert!(stdout(&output).contains(words), "{}", stdout(&output));
        assert_eq!(output.status.code(), Some(code), "{}", stdout(&output));
        assert!(!stdout(&output).contains("planted"));
    }
}
