//! Recordings that play back as meters.

use std::{fs, io::Cursor};

use joulelab::power::{
    Clock, MeterInfo, Options, Origin, Planned, Role, Rounds, SamplerOptions, discover,
    recording::Playback,
};

use super::{new_file, recorded, with};

#[test]
fn a_recording_plays_back_as_meters_of_its_own() {
    let (bytes, live) = recorded(8);
    let (_folder, path) = new_file();
    fs::write(&path, bytes).unwrap();
    let options = Options {
        simulated: vec![format!("replay:{}", path.display())],
        ..Options::default()
    };
    let discovery = discover(&options);
    let infos: Vec<&MeterInfo> = discovery.meters.iter().map(Planned::info).collect();
    let ids: Vec<&str> = infos.iter().map(|info| info.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "replay:simulated:laptop:package",
            "replay:simulated:laptop:dram",
            "replay:simulated:laptop:battery"
        ]
    );
    assert_eq!(discovery.meters[2].role, Role::CrossCheck);
    assert!(infos.iter().all(|info| info.origin == Origin::Simulated));
    assert!(
        infos[0]
            .source
            .starts_with("recording of simulated package energy counter, 2"),
        "{}",
        infos[0].source
    );

    // On a clock of our own, the whole of it in a moment.
    let clock = Clock::manual();
    clock.advance(1000.0);
    let playback = Playback::open(&path, &clock).unwrap();
    let meters = playback
        .meters
        .into_iter()
        .map(|meter| Planned::from(Box::new(meter)))
        .collect();
    let options = SamplerOptions::default();
    let mut rounds = Rounds::begin(meters, clock.clone(), options, None).unwrap();
    let run = rounds.edge(&[], &["run"], false).unwrap().opened;
    for _ in 0..79 {
        clock.advance(0.1);
        rounds.round();
    }
    let played = rounds.edge(&run, &[], false).unwrap().closed.remove(0);
    for (played, live) in played.iter().zip(&live[live.len() - 2]) {
        let (a, b) = (played.energy_j.unwrap().value, live.energy_j.unwrap().value);
        assert!((a - b).abs() < 0.05 * b, "{played:?}\n{live:?}");
        assert!(played.coverage() > 0.95, "{played:?}");
    }
    // It ends: that is missing, not zero.
    for _ in 0..100 {
        clock.advance(0.1);
        rounds.round();
    }
    let lost = rounds.snapshot().meters[0].lost.clone().unwrap();
    assert!(lost.contains("the recording has ended"), "{lost}");
}

#[test]
fn gaps_of_a_recording_stay_gaps_when_it_plays() {
    let lines: String = (0..100)
        .filter(|n| !(30..70).contains(n))
        .map(|n| {
            format!(
                "{{\"t\":{},\"m\":1,\"w\":10}}\n",
                f64::from(n) * 0.1 + 100.0
            )
        })
        .collect();
    let clock = Clock::manual();
    let reader = Box::new(Cursor::new(with(&lines)));
    let playback = Playback::new(reader, &clock).unwrap();
    let power = playback.meters.into_iter().nth(1).unwrap();
    let meters = vec![Planned::from(Box::new(power))];
    let mut rounds = Rounds::begin(meters, clock.clone(), SamplerOptions::default(), None).unwrap();
    let run = rounds.edge(&[], &["run"], false).unwrap().opened;
    for _ in 0..99 {
        clock.advance(0.1);
        rounds.round();
    }
    let figure = rounds
        .edge(&run, &[], false)
        .unwrap()
        .closed
        .remove(0)
        .remove(0);
    assert!((5.7..6.5).contains(&figure.covered_s), "{figure:?}");
    assert!((figure.mean_power_w().unwrap().value - 10.0).abs() < 1e-6);
}

#[test]
fn a_recording_that_cannot_be_played_is_reported() {
    let options = Options {
        simulated: vec!["replay:no/such/file".to_owned()],
        ..Options::default()
    };
    let discovery = discover(&options);
    assert!(discovery.meters.is_empty());
    let said = format!("{:?}", discovery.report[0]);
    assert!(
        said.contains("cannot open the recording") && said.contains("replay:FILE"),
        "{said}"
    );
}
