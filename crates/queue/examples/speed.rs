use queue::*;
use std::time::Instant;
use std::hint::black_box;
fn main() {
    for size in [8usize, 64] {
    let body = vec![7u8; size];
    let pool = Pool::new();
    let (mut w, mut r) = channel(&pool);
    w.set_high_water(1000); r.set_high_water(1000);
    let n = 20_000_000u64;
    let (mut wt, mut pt, mut rt) = (0u128, 0u128, 0u128);
    for _ in 0..n / 500 {
        let t = Instant::now();
        for _ in 0..500 { if !w.has_room() { panic!() } w.write(&[], black_box(&[Part::Slice(&body)])); w.publish_quietly(); }
        wt += t.elapsed().as_nanos();
        let t = Instant::now();
        if w.reader_slept() { w.wake() }
        pt += t.elapsed().as_nanos();
        let t = Instant::now();
        while let Some(f) = r.take() { black_box(f); }
        rt += t.elapsed().as_nanos();
    }
    println!("{size} B: write {:.2} ns, take {:.2} ns", wt as f64 / n as f64, rt as f64 / n as f64);
    let (w, mut r) = channel(&pool);
    r.set_high_water(1000);
    let mut f = Filler::new(w, Bounds { frame: u64::MAX, message: u64::MAX });
    let mut wire = vec![]; for _ in 0..400 { append_frame(0, &body, &mut wire) }
    let (mut ft, rounds) = (0u128, 20_000);
    for _ in 0..rounds {
        f.preload(&wire);
        let t = Instant::now();
        black_box(f.walk()).unwrap();
        ft += t.elapsed().as_nanos();
        _ = f.publish();
        while let Some(f) = r.take() { black_box(f); }
    }
    println!("{size} B: walk {:.2} ns", ft as f64 / (rounds * 400) as f64);
    }
}
