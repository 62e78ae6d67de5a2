//! The programs of the Guide's chapter 5: what subscribers get, and what they miss.

use crate::ITEMS;
use crate::harness::Run;

#[test]
fn espresso() {
    let mut run = Run::new();
    let espresso = run.start("espresso tcp:a tcp:b &");
    run.start("psenvpub tcp:a 3");
    let subscriber = run.start("psenvsub tcp:b 3");
    run.hear(espresso, r#"["\x01B"]"#);
    for item in 1..=3 {
        run.hear(espresso, &format!(r#"["B", "item {item}"]"#));
    }
    run.hear(espresso, r#"["\x00B"]"#);
    run.finish();
    assert_eq!(run.printed(subscriber), ITEMS);
    // Nobody has asked for these.
    assert!(!run.printed(espresso).contains(r#"["A""#));
}

/// A subscriber that comes late gets the last value, and it alone.
#[test]
fn last_value_cache() {
    let mut run = Run::new();
    let cache = run.start("lvcache tcp:a tcp:b &");
    let early = run.start("psenvsub tcp:b 4");
    run.hear(cache, "subscribed: B");
    let publisher = run.start("psenvpub tcp:a 3");
    run.first(&[publisher]);
    run.hear(cache, "item 3");
    run.hear(cache, r#"["B", "item 3"]"#);

    let late = run.start("psenvsub tcp:b 1");
    run.first(&[late]);
    assert_eq!(run.printed(late), "[B] item 3\n");
    run.start("psenvpub tcp:a 1");
    run.finish();
    assert_eq!(run.printed(early), format!("{ITEMS}[B] item 1\n"));
}

/// The slow subscriber stops by itself; the publisher and the other subscriber do not notice.
#[test]
fn suicidal_snail() {
    let mut run = Run::new();
    run.start("snailpub tcp:a &");
    let slow = run.start("suisnail tcp:a 200 100 500 !");
    let fast = run.start("suisnail tcp:a 30000 0 100");
    run.finish();
    assert_eq!(run.printed(slow), "too slow\n");
    assert_eq!(run.printed(fast), "100 messages in time\n");
}

/// Copies are equal to the table: of clients that were there before, that come late, that want a part only, after a
/// time to live, and after the server has crashed.
#[test]
fn clone() {
    const SERVER: &str = "clonesrv tcp:a tcp:b tcp:c &";
    let set = |run: &mut Run, what: &str| {
        let client = run.start(&format!("cloneset tcp:c {what}"));
        run.first(&[client]);
    };
    let mut run = Run::new();
    let server = run.start(SERVER);
    let early = run.start("clonesub tcp:a tcp:b &");
    let lights = run.start("clonesub tcp:a tcp:b /lights/ &");
    set(&mut run, "/doors/front open");
    set(&mut run, "/lights/hall on");
    for copy in [early, lights] {
        run.hear(copy, "/lights/hall is on");
    }
    let late = run.start("clonesub tcp:a tcp:b &");
    run.hear(late, "/doors/front is open");
    run.hear(late, "/lights/hall is on");

    set(&mut run, "/lights/hall dim 1");
    for copy in [early, lights, late] {
        run.hear(copy, "/lights/hall is dim");
        run.hear(copy, "/lights/hall is gone");
    }

    run.kill(server);
    run.start(SERVER);
    for copy in [early, late] {
        run.hear(copy, "/doors/front is gone");
    }
    set(&mut run, "/lights/hall off");
    for copy in [early, lights, late] {
        run.hear(copy, "/lights/hall is off");
    }
    assert!(!run.printed(lights).contains("doors"));
    run.finish();
}
