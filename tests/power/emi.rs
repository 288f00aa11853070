//! Energy meters of Windows: the bytes of their answers, and what becomes of their channels. The meters are made here, in the
//! layouts of `emi.h`; everything between them and the choice is what runs on Windows.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use joulelab::{
    power::{
        Discovery, Level, Options, Part, Role, SourceReport, Status, discover,
        emi::{
            BadAnswer, Channel, Covers, Device, JOULES_PER_COUNT, MAX_METADATA_BYTES, Measurement,
            Question, Unit, Version, covers, measurement_bytes, measurements, metadata,
            metadata_bytes, version,
        },
    },
    units::{Boundary, Grade},
};
use proptest::prelude::*;

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A name of 16 units at most, filled up with zeros.
fn fixed(text: &str) -> Vec<u8> {
    let mut bytes = utf16(text);
    bytes.resize(32, 0);
    bytes
}

/// The number of bytes of `name` and its closing zero, then both.
fn counted(name: &str) -> Vec<u8> {
    let mut text = utf16(name);
    text.extend([0, 0]);
    let mut bytes = (text.len() as u16).to_le_bytes().to_vec();
    bytes.extend(text);
    bytes
}

fn device(maker: &str, model: &str, revision: u16) -> Vec<u8> {
    [fixed(maker), fixed(model), revision.to_le_bytes().to_vec()].concat()
}

fn metadata_v1(name: &str) -> Vec<u8> {
    [
        0_i32.to_le_bytes().to_vec(),
        device("Contoso", "Meter 1", 7),
        counted(name),
    ]
    .concat()
}

fn metadata_v2(names: &[&str]) -> Vec<u8> {
    let channels = names
        .iter()
        .map(|name| [0_i32.to_le_bytes().to_vec(), counted(name)].concat());
    [
        device("Microsoft", "RAPL", 1),
        (names.len() as u16).to_le_bytes().to_vec(),
        channels.collect::<Vec<_>>().concat(),
    ]
    .concat()
}

fn plain(name: &str) -> Channel {
    Channel {
        name: name.to_owned(),
        unit: Unit::PicowattHours,
    }
}

#[test]
fn both_versions_are_read_as_published() {
    assert_eq!(version(&[1, 0]), Ok(Version::V1));
    assert_eq!(version(&[2, 0]), Ok(Version::V2));
    assert_eq!(version(&[3, 0]), Err(BadAnswer::Version(3)));

    let one = metadata(Version::V1, &metadata_v1("Processor")).expect("complete");
    assert_eq!(
        (one.maker.as_str(), one.model.as_str(), one.revision),
        ("Contoso", "Meter 1", 7)
    );
    assert_eq!(one.channels, [plain("Processor")]);

    // An odd number of characters leaves the next channel on an odd multiple of two: nothing is aligned in between.
    let names = ["RAPL_Package0_PKG", "RAPL_Package0_DRAM", "Ω", ""];
    let two = metadata(Version::V2, &metadata_v2(&names)).expect("complete");
    assert_eq!(two.channels, names.map(plain));
    assert_eq!((two.maker.as_str(), two.revision), ("Microsoft", 1));

    let answer: Vec<u8> = [5_u64, 6, u64::MAX, 8]
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    let read = measurements(2, &answer).expect("complete");
    let expected = [(5, 6), (u64::MAX, 8)].map(|(energy, time)| Measurement { energy, time });
    assert_eq!(read, expected);
    // 1 kWh is 3.6 MJ.
    assert!((1e15 * JOULES_PER_COUNT - 3.6e6).abs() < 1e-6);
}

#[test]
fn names_without_an_end_or_filled_up_with_blanks_are_read() {
    // The largest of the fixed names have no room for a zero.
    let mut bytes = metadata_v2(&["RAPL_Package0_PKG    \0\0\0"]);
    bytes.splice(..32, fixed("0123456789ABCDEF"));
    let read = metadata(Version::V2, &bytes).expect("complete");
    assert_eq!(read.maker, "0123456789ABCDEF");
    assert_eq!(read.channels, [plain("RAPL_Package0_PKG")]);
    // Half of a pair is shown as an unknown character.
    let mut bytes = metadata_v1("x");
    let at = bytes.len() - 4;
    bytes[at..at + 2].copy_from_slice(&[0x00, 0xD8]);
    let read = metadata(Version::V1, &bytes).expect("complete");
    assert_eq!(read.channels, [plain("\u{FFFD}")]);
}

#[test]
fn every_answer_cut_short_is_refused_and_says_so() {
    for length in 0..2 {
        assert!(matches!(
            version(&[2, 0][..length]),
            Err(BadAnswer::Short { .. })
        ));
    }
    for length in 0..4 {
        assert!(metadata_bytes(&[9, 0, 0, 0][..length]).is_err());
    }
    let answers = [
        (Version::V1, metadata_v1("Processor")),
        (Version::V2, metadata_v2(&["RAPL_Package0_PKG", "b"])),
    ];
    for (version, whole) in answers {
        for length in 0..whole.len() {
            let error = metadata(version, &whole[..length]).expect_err("cut short");
            let BadAnswer::Short { needs, has, .. } = error else {
                panic!("{length} of {}: {error}", whole.len());
            };
            assert!(has == length && needs > length && needs <= whole.len());
        }
        let with_more = [whole.clone(), vec![0xFF; 5]].concat();
        assert_eq!(metadata(version, &with_more), metadata(version, &whole));
    }
    for length in (0..64).filter(|length| *length != 32) {
        assert!(measurements(2, &vec![0; length]).is_err(), "{length}");
    }
}

#[test]
fn counts_and_sizes_that_lie_allocate_nothing_and_read_nothing() {
    // 65535 channels in a buffer for one.
    let mut bytes = metadata_v2(&["a"]);
    bytes[66..68].copy_from_slice(&u16::MAX.to_le_bytes());
    assert!(matches!(
        metadata(Version::V2, &bytes),
        Err(BadAnswer::Short { .. })
    ));
    // A name of 65534 bytes.
    let mut bytes = metadata_v2(&["a"]);
    bytes[72..74].copy_from_slice(&0xFFFE_u16.to_le_bytes());
    assert!(matches!(
        metadata(Version::V2, &bytes),
        Err(BadAnswer::Short { .. })
    ));
    // A name of three bytes.
    let mut bytes = metadata_v2(&["a", "b"]);
    bytes[72..74].copy_from_slice(&3_u16.to_le_bytes());
    assert_eq!(
        metadata(Version::V2, &bytes),
        Err(BadAnswer::OddName {
            channel: 0,
            bytes: 3
        })
    );
    // No channels at all, and a unit that nobody has defined.
    let none = metadata(Version::V2, &metadata_v2(&[])).expect("complete");
    assert!(none.channels.is_empty());
    let mut bytes = metadata_v2(&["a"]);
    bytes[68..72].copy_from_slice(&(-1_i32).to_le_bytes());
    let read = metadata(Version::V2, &bytes).expect("complete");
    assert_eq!(read.channels[0].unit, Unit::Unknown(-1));
    // 4 GiB of metadata, and a number of channels whose bytes cannot be counted.
    assert!(matches!(
        metadata_bytes(&u32::MAX.to_le_bytes()),
        Err(BadAnswer::Long { .. })
    ));
    let most = MAX_METADATA_BYTES as u32;
    assert_eq!(metadata_bytes(&most.to_le_bytes()), Ok(MAX_METADATA_BYTES));
    assert!(measurements(usize::MAX, &[0; 16]).is_err());
}

proptest! {
    #[test]
    fn no_bytes_whatever_are_too_much(bytes in proptest::collection::vec(any::<u8>(), 0..400), channels in 0_usize..40) {
        let _ = version(&bytes);
        let _ = metadata_bytes(&bytes);
        for version in [Version::V1, Version::V2] {
            if let Ok(read) = metadata(version, &bytes) {
                // Every channel has taken its six bytes.
                prop_assert!(read.channels.len() * 6 <= bytes.len());
            }
        }
        let read = measurements(channels, &bytes);
        prop_assert_eq!(read.is_ok(), bytes.len() == measurement_bytes(channels));
    }

    #[test]
    fn any_names_come_back(names in proptest::collection::vec("[A-Za-z0-9_]{0,30}", 0..20)) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let read = metadata(Version::V2, &metadata_v2(&names)).expect("complete");
        let read: Vec<&str> = read.channels.iter().map(|channel| channel.name.as_str()).collect();
        prop_assert_eq!(read, names);
    }
}

#[test]
fn names_tell_what_a_channel_covers() {
    let package = |number: &str| Covers::Package(number.to_owned());
    let inside = |part| Covers::InPackage {
        package: "0".to_owned(),
        part,
    };
    assert_eq!(covers("RAPL_Package0_PKG"), package("0"));
    assert_eq!(covers("rapl_package11_pkg"), package("11"));
    let memory = Covers::Memory {
        package: "1".to_owned(),
    };
    assert_eq!(covers("RAPL_Package1_DRAM"), memory);
    assert_eq!(covers("RAPL_Package0_PP0"), inside("core"));
    assert_eq!(covers("RAPL_Package0_PP1"), inside("uncore"));
    assert_eq!(covers("RAPL_Package0_Core15_CORE"), inside("single core"));
    assert_eq!(covers("Current Socket Energy"), package("0"));
    for whole in ["RAPL_Package0_PSYS", "PSYS", "SYS"] {
        assert_eq!(covers(whole), Covers::Machine, "{whole}");
    }
    for graphics in ["GPU", "GPU_0", "dGPU Power", "gpu1"] {
        assert_eq!(covers(graphics), Covers::Graphics, "{graphics}");
    }
    let unknown = [
        "",
        "_Total",
        "CPU_CLUSTER_0",
        "PSU_USB",
        "VDDCR_SOC Energy",
        "Apu Energy",
        "RAPL_Package_PKG",
        "RAPL_Packagex_PKG",
        "RAPL_Package0_PKGS",
        "RAPL_Package0_Core_CORE",
        "RAPL_Package0",
    ];
    for name in unknown {
        assert_eq!(covers(name), Covers::Unknown, "{name}");
    }
}

/// An energy meter whose channels draw 36 W each from `start` picowatt-hours on, or nothing where that is 0.
struct FakeMeter {
    names: Vec<&'static str>,
    start: Vec<u64>,
    began: Instant,
    /// How many measurements it still gives.
    left: Arc<AtomicU64>,
    /// Whether its own time goes on.
    has_time: bool,
}

impl FakeMeter {
    fn new(channels: &[(&'static str, u64)]) -> Self {
        Self {
            names: channels.iter().map(|(name, _)| *name).collect(),
            start: channels.iter().map(|(_, start)| *start).collect(),
            began: Instant::now(),
            left: Arc::new(AtomicU64::new(u64::MAX)),
            has_time: true,
        }
    }
}

impl Device for FakeMeter {
    fn ask(&mut self, question: Question, room: usize) -> io::Result<Vec<u8>> {
        let described = metadata_v2(&self.names);
        let mut answer = match question {
            Question::Version => vec![2, 0],
            Question::MetadataSize => (described.len() as u32).to_le_bytes().to_vec(),
            Question::Metadata => described,
            Question::Measurement => {
                let left = self.left.load(Ordering::Relaxed);
                if left == 0 {
                    return Err(io::Error::from(io::ErrorKind::NotConnected));
                }
                self.left.store(left - 1, Ordering::Relaxed);
                let gone_s = self.began.elapsed().as_secs_f64();
                let time = if self.has_time {
                    (gone_s * 1e7) as u64
                } else {
                    0
                };
                let channel = |start: &u64| {
                    let drawn = if *start == 0 {
                        0
                    } else {
                        (36.0 * gone_s / JOULES_PER_COUNT) as u64
                    };
                    [(start + drawn).to_le_bytes(), time.to_le_bytes()].concat()
                };
                self.start.iter().flat_map(channel).collect()
            }
        };
        answer.truncate(room);
        Ok(answer)
    }
}

type MakeMeters = fn() -> Vec<FakeMeter>;

/// Options of a machine with these energy meters and nothing else.
fn options(meters: MakeMeters) -> Options {
    Options {
        sysfs_root: "/nowhere".into(),
        nvml_library: Some("/nowhere/libnvidia-ml.so".into()),
        cpu_name: Some("Intel Core i9-13900K".to_owned()),
        cpu_load: Some(Arc::new(|| Some(0.5))),
        memory_bytes: Some(64 << 30),
        energy_meters: Some(Arc::new(move || {
            let meters = meters().into_iter();
            Ok(meters
                .map(|meter| Ok(Box::new(meter) as Box<dyn Device>))
                .collect())
        })),
        ..Options::default()
    }
}

fn report<'a>(discovery: &'a Discovery, id: &str) -> &'a SourceReport {
    let found = discovery.report.iter().find(|report| report.id == id);
    found.unwrap_or_else(|| panic!("no {id} in {:#?}", discovery.report))
}

fn parts(discovery: &Discovery) -> Vec<&str> {
    discovery
        .parts()
        .map(|part| part.info().id.as_str())
        .collect()
}

fn reason(report: &SourceReport) -> &str {
    match &report.status {
        Status::Available { reason } | Status::Refused { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn packages_and_memory_are_added_and_what_is_in_them_is_not() {
    let discovery = discover(&options(|| {
        vec![FakeMeter::new(&[
            ("RAPL_Package0_PKG", 5_000_000_000_000),
            ("RAPL_Package0_PP0", 3_000_000_000_000),
            ("RAPL_Package0_PP1", 1_000_000_000_000),
            ("RAPL_Package0_DRAM", 700_000_000_000),
            ("RAPL_Package0_PSYS", 9_000_000_000_000),
            ("VDDCR_SOC Energy", 44_000_000_000),
        ])]
    }));
    assert_eq!(parts(&discovery), ["emi:package-0", "emi:package-0:dram"]);
    let package = report(&discovery, "emi:package-0");
    assert_eq!(package.status, Status::Used);
    assert_eq!(
        (package.grade, package.boundary),
        (Grade::B, Boundary::CpuPackage)
    );
    // Its own time kept pace with ours, so it measures when it is asked.
    assert_eq!(package.refresh_s, Some(0.001));
    assert_eq!(report(&discovery, "emi:machine").status, Status::CrossCheck);
    assert!(reason(report(&discovery, "emi:package-0:core")).contains("contained in package 0"));
    assert!(reason(report(&discovery, "emi:package-0:uncore")).contains("contained in package 0"));
    assert!(reason(report(&discovery, "emi:VDDCR_SOC Energy")).contains("not known"));
    // The models of the same parts step in if these end.
    let models = ["model:cpu", "model:memory"].map(|id| report(&discovery, id).status.clone());
    let of =
        ["emi:package-0", "emi:package-0:dram"].map(|of| Status::StandBy { of: of.to_owned() });
    assert_eq!(models, of);
}

#[test]
fn what_is_read_is_what_the_meter_counts() {
    let mut discovery = discover(&options(|| {
        vec![FakeMeter::new(&[("a", 1), ("RAPL_Package3_PKG", 1 << 40)])]
    }));
    let planned = discovery
        .meters
        .iter_mut()
        .find(|planned| planned.info().id == "emi:package-3")
        .expect("the package");
    assert_eq!(planned.info().covers, [Part::package("3")]);
    let counts = |level| match level {
        Level::Counts(counts) => counts as f64,
        Level::Watts(watts) => panic!("{watts} W of a counter"),
    };
    let began = Instant::now();
    let first = counts(planned.read().expect("a reading").level);
    std::thread::sleep(std::time::Duration::from_millis(100));
    let later = counts(planned.read().expect("a reading").level);
    let watts = (later - first) * JOULES_PER_COUNT / began.elapsed().as_secs_f64();
    assert!((30.0..40.0).contains(&watts), "{watts} W");
}

#[test]
fn a_meter_for_each_core_is_one_line_and_no_part() {
    // As Windows shows an AMD processor: the first meter has the package, every core has a meter of its own.
    let discovery = discover(&options(|| {
        vec![
            FakeMeter::new(&[
                ("RAPL_Package0_PKG", 1 << 42),
                ("RAPL_Package0_Core0_CORE", 1 << 38),
            ]),
            FakeMeter::new(&[("RAPL_Package0_Core1_CORE", 1 << 38)]),
            FakeMeter::new(&[("RAPL_Package0_Core2_CORE", 1 << 38)]),
        ]
    }));
    assert_eq!(parts(&discovery), ["emi:package-0", "model:memory"]);
    let cores = report(&discovery, "emi:package-0:cores");
    assert!(reason(cores).contains("3 channels"), "{cores:?}");
}

#[test]
fn a_package_that_is_shown_twice_is_counted_once() {
    let discovery = discover(&options(|| {
        let began = Instant::now();
        let mut meters = vec![
            FakeMeter::new(&[("RAPL_Package0_PKG", 1 << 42)]),
            FakeMeter::new(&[("RAPL_Package1_PKG", 1 << 42)]),
            FakeMeter::new(&[("RAPL_Package2_PKG", 1 << 41)]),
            // AMD's own name for the package.
            FakeMeter::new(&[("Current Socket Energy", 1 << 40)]),
        ];
        for meter in &mut meters {
            meter.began = began;
        }
        meters
    }));
    assert_eq!(
        parts(&discovery),
        ["emi:package-0", "emi:package-2", "model:memory"]
    );
    assert!(reason(report(&discovery, "emi:package-1")).contains("shown twice"));
    let twin = discovery
        .meters
        .iter()
        .find(|planned| planned.info().id == "emi:package-0 (2)")
        .expect("the other meter of package 0");
    let of = "emi:package-0".to_owned();
    assert_eq!(twin.role, Role::StandBy { of });
}

#[test]
fn meters_that_do_not_answer_are_named_and_the_model_takes_their_place() {
    let broken = discover(&options(|| {
        let meter = FakeMeter::new(&[("RAPL_Package0_PKG", 1 << 42)]);
        meter.left.store(0, Ordering::Relaxed);
        vec![meter]
    }));
    assert_eq!(parts(&broken), ["model:cpu", "model:memory"]);
    assert!(reason(report(&broken, "emi")).contains("not connected"));

    // The first look succeeds, the second does not.
    let once = discover(&options(|| {
        let meter = FakeMeter::new(&[("RAPL_Package0_PKG", 1 << 42)]);
        meter.left.store(1, Ordering::Relaxed);
        vec![meter]
    }));
    assert_eq!(parts(&once), ["model:cpu", "model:memory"]);
    assert!(reason(report(&once, "emi:package-0")).contains("not connected"));

    let mut closed = options(Vec::new);
    let error = || Err(io::Error::from(io::ErrorKind::PermissionDenied));
    closed.energy_meters = Some(Arc::new(move || Ok(vec![error()])));
    let closed = discover(&closed);
    assert_eq!(parts(&closed), ["model:cpu", "model:memory"]);
    assert!(reason(report(&closed, "emi")).contains("cannot be opened: permission denied"));

    let empty = discover(&options(|| vec![FakeMeter::new(&[])]));
    assert!(reason(report(&empty, "emi")).contains("no channel"));

    let none = discover(&options(Vec::new));
    assert_eq!(parts(&none), ["model:cpu", "model:memory"]);
    assert!(reason(report(&none, "emi")).contains("no energy meter"));
}

#[test]
fn a_meter_that_publishes_now_and_then_has_no_known_refresh() {
    let discovery = discover(&options(|| {
        let mut meter = FakeMeter::new(&[("RAPL_Package0_PKG", 1 << 42)]);
        meter.has_time = false;
        vec![meter]
    }));
    assert_eq!(report(&discovery, "emi:package-0").refresh_s, None);
}
