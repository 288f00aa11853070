//! What an energy meter of Windows answers, byte by byte: by the parsers themselves, and as a meter that is found and read.

#![no_main]

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use joulelab_fuzz::{
    check,
    power::{
        Clock, Options, Rounds, SamplerOptions, discover,
        emi::{self, Device, Opened, Question},
    },
};
use libfuzzer_sys::fuzz_target;

/// A meter whose measurements go on through the bytes, round and round.
struct Script {
    version: Vec<u8>,
    metadata: Vec<u8>,
    measurements: Vec<u8>,
    at: usize,
}

impl Device for Script {
    fn ask(&mut self, question: Question, room: usize) -> io::Result<Vec<u8>> {
        let mut answer = match question {
            Question::Version => self.version.clone(),
            Question::MetadataSize => (self.metadata.len() as u32).to_le_bytes().to_vec(),
            Question::Metadata => self.metadata.clone(),
            Question::Measurement => {
                if self.measurements.is_empty() {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                let from = self.at % self.measurements.len();
                self.at += room.max(1);
                let rest = self.measurements[from..].iter();
                rest.chain(&self.measurements).take(room).copied().collect()
            }
        };
        answer.truncate(room);
        Ok(answer)
    }
}

fuzz_target!(|input: (u16, Vec<u8>, Vec<u8>)| {
    let (version, metadata, measurements) = input;
    // Mostly one of those there are.
    let version = if version < 0xF000 {
        1 + version % 2
    } else {
        version
    };
    let version = version.to_le_bytes().to_vec();
    let _ = emi::metadata_bytes(&metadata);
    let Ok(spoken) = emi::version(&version) else {
        return;
    };
    let Ok(told) = emi::metadata(spoken, &metadata) else {
        return;
    };
    // A channel takes at least its unit and the length of its name.
    assert!(told.channels.len() <= metadata.len() / 6 + 1);
    if let Ok(read) = emi::measurements(told.channels.len(), &measurements) {
        assert_eq!(read.len(), told.channels.len());
    }
    // To be found, it is looked at twice, with a pause between: only now and then.
    if measurements.len() % 8 != 0 {
        return;
    }
    let script = Mutex::new(Some(Script {
        version,
        metadata,
        measurements,
        at: 0,
    }));
    let devices = move || -> io::Result<Vec<Opened>> {
        let script = script.lock().map_or(None, |mut script| script.take());
        Ok(script
            .into_iter()
            .map(|script| Ok(Box::new(script) as Box<dyn Device>))
            .collect())
    };
    let options = Options {
        sysfs_root: PathBuf::from("/nowhere"),
        nvml_library: Some(PathBuf::from("/nowhere/libnvidia-ml.so")),
        // Without a name there is no looking it up in a long table.
        cpu_name: Some(String::new()),
        cpu_load: Some(Arc::new(|| Some(0.5))),
        memory_bytes: Some(16 << 30),
        energy_meters: Some(Arc::new(devices)),
        ..Options::default()
    };
    let meters = discover(&options).meters;
    let clock = Clock::manual();
    let Ok(mut rounds) = Rounds::begin(meters, clock.clone(), SamplerOptions::default(), None)
    else {
        return;
    };
    let opened = rounds.edge(&[], &["w"], true).expect("an edge").opened;
    for _ in 0..12 {
        clock.advance(0.1);
        rounds.round();
    }
    let closed = rounds.edge(&opened, &[], true).expect("an edge").closed;
    closed.iter().flatten().for_each(check);
});
