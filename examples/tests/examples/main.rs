//! Every example, run as its readers run it: as processes that talk to each other.

mod book;
mod genuine;
mod harness;

use harness::run;

const SQUARES: &str = "1 squared is 1\n2 squared is 4\n3 squared is 9\n4 squared is 16\n";
const AVERAGE: &str = "Oslo: 13.5 degrees on average of 10 readings\n";
const LONGEST: &str = "20 results; the longest way to 1 is that of 19: 20 steps\n";
const ITEMS: &str = "[B] item 1\n[B] item 2\n[B] item 3\n";

fn greetings(count: usize) -> String {
    (1..=count).map(|guest| format!("Hello, guest {guest}!\n")).collect()
}

/// The lines in order of their text: of programs whose parts run side by side.
fn sorted(printed: &str) -> Vec<&str> {
    let mut lines: Vec<_> = printed.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn request_and_reply() {
    for endpoint in ["tcp:a", "ipc:a"] {
        let [_, client] = run([&*format!("hwserver {endpoint} 3"), &format!("hwclient {endpoint} 3")]);
        assert_eq!(client, greetings(3));
    }
}

#[test]
fn request_and_reply_async() {
    let [_, clients] = run(["hwserver_async tcp:a 6", "hwclient_async tcp:a 2 3"]);
    let expected = greetings(2).repeat(3);
    assert_eq!(sorted(&clients), sorted(&expected));
    let [_, client] = run(["hwserver tcp:a 2", "hwclient_async tcp:a 2"]);
    assert_eq!(client, greetings(2));
}

#[test]
fn request_and_reply_in_tokio() {
    let [server, client] = run(["hwserver_tokio tcp:a &", "hwclient tcp:a 3"]);
    assert_eq!(server, "3 requests served; closing\n");
    assert_eq!(client, greetings(3));
}

#[test]
fn requests_of_a_pool() {
    let [_, clients] = run(["interrupt tcp:a &", "reqpool tcp:a 10 3"]);
    let odd = (1..=10).step_by(2).map(|guest| format!("Hello, guest {guest}!\n"));
    assert_eq!(clients, odd.collect::<String>() + "5 answered, 5 given up\n");
}

#[test]
fn web_server_and_worker() {
    let [_, printed, server] = run(["rrworker tcp:b 8", "webclient http:a 8", "web http:a tcp:b &"]);
    let squares = (1..=8).map(|number| format!("{number} squared is {}\n", number * number));
    assert_eq!(printed, squares.collect::<String>());
    assert_eq!(server, "closing\n");
}

/// The server and the client of an encrypted conversation, with keys in a folder of their own.
fn ironhouse(server: &str, client: &str) {
    let folder = std::env::temp_dir().join(format!("ironhouse-{}-{server}-{client}", std::process::id()));
    let folder = folder.to_str().unwrap();
    run([&*format!("ironkeys {folder}")]);
    let [_, said] = run([&*format!("{server} tcp:a {folder} 3"), &format!("{client} tcp:a {folder} 3")]);
    let expected = (1..=3).map(|number| format!("alice, this stays between us: secret {number}\n"));
    assert_eq!(said, expected.collect::<String>());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn encrypted_requests() {
    ironhouse("ironserver", "ironclient");
}

#[test]
fn publish_and_subscribe() {
    let [_, oslo, lima] = run(["wuserver tcp:a 10 2", "wuclient tcp:a Oslo 10", "wuclient tcp:a Lima 5"]);
    assert_eq!(oslo, AVERAGE);
    assert_eq!(lima, "Lima: 20.0 degrees on average of 5 readings\n");
}

#[test]
fn multicast() {
    let [published, subscribers @ ..] = run(["mcpub epgm:a &", "mcsub epgm:a 20", "mcsub epgm:a 20"]);
    for heard in subscribers {
        assert_eq!(heard, "20 readings in a row, 1 source, 0 datagrams lost\n");
    }
    let count = published.strip_suffix(" readings published\n").and_then(|count| count.parse::<u32>().ok());
    assert!(count >= Some(20), "{published}");
}

#[test]
fn pipeline() {
    let work = "taskwork tcp:a tcp:b 10";
    let [_, longest, ..] = run(["taskvent tcp:a tcp:b 20 2", "tasksink tcp:b", work, work]);
    assert_eq!(longest, LONGEST);
}

#[test]
fn pipeline_with_an_end() {
    for worker in ["taskwork2", "taskwork2_async"] {
        let work = format!("{worker} tcp:a tcp:b tcp:c");
        let sink = "tasksink2 tcp:b tcp:c 2";
        let [_, results, one, other] = run(["taskvent tcp:a tcp:b 20 2", sink, &work, &work]);
        assert_eq!(results, "20 results\n");
        assert_eq!([&*one, &*other], ["stopped after 10 tasks\n"; 2]);
    }
}

#[test]
fn sockets() {
    let [printed] = run(["sockets"]);
    assert_eq!(
        printed,
        "high-water mark 10, linger Some(1s)\n\
         refused: SNDHWM: 5000000000 is not allowed (allowed: an int from 0)\n\
         received: carried over tcp\n\
         not sent: timed out\n\
         closed\n"
    );
}

#[test]
fn endpoints() {
    let [printed] = run(["endpoints"]);
    let messages: String = (1..=6).map(|number| format!("message {number}\n")).collect();
    assert_eq!(printed, format!("connected before the bind\n{messages}from the binding side\nipc goes on\n"));
}

#[test]
fn messages() {
    let [printed] = run(["messages"]);
    assert_eq!(
        printed,
        "11 bytes, 10 characters\n\
         [\"\\x01\\x02\\x03\"]\n\
         [\"\\x07\\x07\\x07\\x07\\x07\"]\n\
         [\"given away\"]\n\
         [\"shared\"]\n\
         1 part of 0 bytes\n\
         text: false\n\
         [\"again\"]\n\
         [\"again\"]\n"
    );
}

#[test]
fn transports() {
    let [printed] = run(["transports 100"]);
    let starts = ["inproc", "ipc", "tcp"].map(|name| format!("{name}: 100 round trips, "));
    assert_eq!(printed.lines().count(), starts.len());
    for (line, start) in printed.lines().zip(starts) {
        assert!(line.starts_with(&start), "{line}");
    }
}

#[test]
fn iothreads() {
    let [printed] = run(["iothreads"]);
    assert_eq!(
        printed,
        "2 I/O threads\nby the second thread\nby no thread at all\ntcp needs an I/O thread\n"
    );
}

#[test]
fn several_sockets() {
    for reader in ["msreader", "mspoller", "msasync"] {
        let reader = format!("{reader} tcp:a tcp:b 20 10");
        let [_, _, read] = run(["wuserver tcp:a 20", "psenvpub tcp:b 10", &reader]);
        assert_eq!(read, "20 readings, 10 items\n", "{reader}");
    }
}

#[test]
fn multipart() {
    let [printed] = run(["multipart"]);
    assert_eq!(
        printed,
        "3 parts:\n  5 bytes \"order\"\n  9 bytes \"12 apples\"\n  0 bytes \"\"\n\
         \"receipt\": \"12 apples\"\n\
         1001 parts, the routing id included\n\
         a DEALER socket cannot send such a message\n"
    );
}

#[test]
fn forwarder() {
    let [_, proxy, client] = run(["wuserver tcp:a 10", "wuproxy tcp:a tcp:b &", "wuclient tcp:b Oslo 10"]);
    assert_eq!(client, AVERAGE);
    assert_eq!(proxy, "10 readings forwarded\n");
}

#[test]
fn broker() {
    let (client, worker) = ("rrclient tcp:a 4", "rrworker tcp:b 4");
    let [passed, one, other, ..] = run(["rrbroker tcp:a tcp:b 8 2", client, client, worker, worker]);
    assert_eq!(passed, "8 replies passed on\n");
    assert_eq!([&*one, &*other], [SQUARES; 2]);
}

#[test]
fn broker_async() {
    let client = "rrclient tcp:a 4";
    let [passed, one, other, served] =
        run(["rrbroker_async tcp:a tcp:b 8", client, client, "rrworker tcp:b 8"]);
    assert_eq!(passed, "8 replies passed on\n");
    assert_eq!([&*one, &*other], [SQUARES; 2]);
    assert_eq!(served, "8 requests served\n");
}

#[test]
fn broker_by_the_built_in_proxy() {
    let client = "rrclient tcp:a 4";
    let [passed, one, other, _] = run(["msgqueue tcp:a tcp:b &", client, client, "rrworker tcp:b 8"]);
    assert_eq!(passed, "8 requests, 8 replies\n");
    assert_eq!([&*one, &*other], [SQUARES; 2]);
}

#[test]
fn bridge() {
    let [bridged, _, client] = run(["bridge tcp:a ipc:b &", "hwserver ipc:b 3", "hwclient tcp:a 3"]);
    assert_eq!(bridged, "3 requests bridged\n");
    assert_eq!(client, greetings(3));
}

#[test]
fn errors() {
    let [printed] = run(["errors"]);
    assert_eq!(
        printed,
        "no message: the operation would block\n\
         no message in time: timed out\n\
         no such peer: no peer has this routing id\n\
         not sent: 1000 bytes, the operation would block\n\
         out of turn: the socket is not in the state for this: requests and replies take turns\n\
         wrong type: a PULL socket cannot do this\n\
         address taken: Address already in use (os error 98)\n\
         no endpoint: tcp//127.0.0.1:5555: there is no \"://\"\n\
         no transport: carrier-pigeon://home: there is no transport \"carrier-pigeon\"\n\
         no value: RCVHWM: 5000000000 is not allowed (allowed: an int from 0)\n\
         the end: the context was terminated\n"
    );
}

#[test]
fn interrupt() {
    let [server, client] = run(["interrupt tcp:a &", "hwclient tcp:a 2"]);
    assert_eq!(server, "serving until Ctrl-C\ninterrupted after 2 requests; closing\n");
    assert_eq!(client, greetings(2));
}

#[test]
fn leaks() {
    let [printed] = run(["leaks 3"]);
    assert_eq!(printed, "3 rounds done\n");
}

#[test]
fn leaks_under_valgrind() {
    if std::process::Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("there is no valgrind here: left out");
        return;
    }
    let [printed] = run(["valgrind leaks 1"]);
    assert_eq!(printed, "1 rounds done\n");
}

#[test]
fn threads_that_serve() {
    let client = "hwclient tcp:a 4";
    let [served, printed @ ..] = run(["mtserver tcp:a 3 &", client, client, client]);
    assert_eq!(served, "12 requests served\n");
    assert_eq!(printed.each_ref().map(|printed| &**printed), [&*greetings(4); 3]);
}

#[test]
fn threads_that_signal() {
    let [printed] = run(["mtrelay"]);
    assert_eq!(printed, "the first runs\nthe second runs\nthe third has the baton\n");
}

#[test]
fn coordination() {
    let subscriber = "syncsub tcp:a tcp:b";
    let [_, one, other] = run(["syncpub tcp:a tcp:b 2 5000", subscriber, subscriber]);
    assert_eq!([&*one, &*other], ["5000 numbers received\n"; 2]);
}

#[test]
fn zero_copy() {
    let [printed] = run(["zerocopy"]);
    assert_eq!(
        printed,
        "1 MiB given away: the same memory\n\
         1 MiB shared: the same memory\n1 MiB shared: the same memory\n1 MiB shared: the same memory\n\
         1 MiB borrowed: copied\n\
         100 bytes shared: copied\n\
         1 MiB kept: the same memory\n"
    );
}

#[test]
fn envelopes() {
    let [_, items] = run(["psenvpub tcp:a 3", "psenvsub tcp:a 3"]);
    assert_eq!(items, ITEMS);
}

#[test]
fn high_water_marks() {
    let [printed] = run(["hwm"]);
    assert_eq!(
        printed,
        "PUSH: 10 of 100 accepted, 10 queued, 0 dropped\n\
         PUSH: another would wait: true\n\
         PUSH: when all has been read: room\n\
         PUB: 10 of 100 queued, 90 dropped\n\
         ROUTER: 10 of 100 queued, 90 dropped\n\
         ROUTER: another would wait: true\n"
    );
}
