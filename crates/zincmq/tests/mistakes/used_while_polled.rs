use zincmq::poller::{Interest, Item, Poller, Token};
use zincmq::{Context, Pull};

fn main() {
    let mut pull = Pull::new(&Context::new()).unwrap();
    let item = Item::socket(Token(0), &mut pull, Interest::READABLE);
    pull.recv().unwrap();
    Poller::new().wait([item], None).unwrap();
}
