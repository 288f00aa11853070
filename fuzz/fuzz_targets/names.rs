//! Texts from drivers and users: PCI addresses, names of devices in the tables, simulated meters.

#![no_main]

use joulelab_fuzz::power::{Clock, Meter, PciAddress, cpu_tdp_w, gpu_board_power_w, simulated};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(address) = text.parse::<PciAddress>() {
        assert!(address.device < 32 && address.function < 8);
        let again: PciAddress = address
            .to_string()
            .parse()
            .expect("what is written is read");
        assert_eq!(again, address);
    }
    // The table of processors is long: only some texts are looked up in it.
    let processor = text.strip_prefix("cpu ").and_then(cpu_tdp_w);
    for (watts, _) in processor.into_iter().chain(gpu_board_power_w(text)) {
        assert!((0.1..100_000.0).contains(&watts), "{text}: {watts}");
    }
    let clock = Clock::manual();
    if let Ok(meters) = simulated::parse(text, &clock) {
        clock.advance(100.0);
        for mut meter in meters {
            assert!(meter.profile().mean_w().is_finite());
            assert!(meter.truth_j(0.0, 100.0) >= 0.0);
            assert!(meter.info().source.starts_with("simulated "));
            // What it says is for the integrator to judge.
            let _ = meter.read();
        }
    }
});
