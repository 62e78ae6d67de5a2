use zincmq::{Context, Pull, option};

fn main() {
    let mut pull = Pull::new(&Context::new()).unwrap();
    pull.set(option::ROUTER_MANDATORY, true).unwrap();
    pull.get(option::SNDHWM).unwrap();
}
