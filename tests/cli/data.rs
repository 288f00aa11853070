//! Datasets on the command line: listing, getting, removing, and training with those that are files.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::joulelab::{Joulelab, number, text};

/// A command that asks nobody but the proxy at `address`.
fn through(joulelab: &Joulelab, arguments: &[&str], address: &str) -> Command {
    let mut command = joulelab.command(arguments);
    for name in ["NO_PROXY", "no_proxy"] {
        command.env_remove(name);
    }
    command.env("ALL_PROXY", address);
    command
}

/// CIFAR-10 in small, as if it had been got.
fn small_cifar10(joulelab: &Joulelab, records: u8) {
    let folder = joulelab.folder().join("data/datasets/cifar10");
    fs::create_dir_all(&folder).expect("a folder");
    let mut files = Vec::new();
    let names = (1..=5).map(|batch| format!("data_batch_{batch}.bin"));
    for name in names.chain(["test_batch.bin".to_owned()]) {
        let record = |i: u8| [vec![i % 10], vec![i % 10 * 25; 3072]].concat();
        let content: Vec<u8> = (0..records).flat_map(record).collect();
        fs::write(folder.join(&name), &content).expect("a file");
        files.push(serde_json::json!({"name": name, "bytes": content.len(), "sha256": ""}));
    }
    let list = serde_json::json!({"files": files, "got_at": ""});
    fs::write(folder.join("joulelab-files.json"), list.to_string()).expect("a file");
}

#[test]
fn every_set_is_listed_with_what_of_it_is_here() {
    let joulelab = Joulelab::new();
    let table = joulelab.stdout(&["data", "list"]);
    for row in [
        "mnist",
        "11.1 MiB to download",
        "not here",
        "CC BY-SA 3.0",
        "part of the program",
        "none stated",
    ] {
        assert!(table.contains(row), "no `{row}` in\n{table}");
    }
    let state = || {
        let sets = joulelab.json(&["data", "list", "--json"]);
        let sets = sets.as_array().expect("a list").clone();
        let cifar = sets.iter().find(|set| set["name"] == "cifar10");
        cifar.expect("it is listed").clone()
    };
    assert_eq!(state()["state"], "absent");
    small_cifar10(&joulelab, 2);
    assert_eq!(state()["state"], "here");
    assert_eq!(state()["bytes"], 12 * 3073);
    assert!(!joulelab.library().exists());

    let info = joulelab.stdout(&["data", "info", "mnist"]);
    for line in [
        "60,000",
        "storage.googleapis.com",
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ] {
        assert!(info.contains(line), "no `{line}` in\n{info}");
    }
    let info = joulelab.json(&["data", "info", "emnist", "--json"]);
    assert_eq!(
        info["recipe"]["variants"].as_array().expect("a list").len(),
        6
    );
    assert_eq!(info["set"]["state"], "absent");
}

#[test]
fn what_is_asked_of_a_model_is_told_of_every_set() {
    let joulelab = Joulelab::new();
    let sets = joulelab.json(&["data", "list", "--json"]);
    let sets = sets.as_array().expect("a list");
    let of = |name: &str| {
        let set = sets.iter().find(|set| set["name"] == name);
        set.expect("it is listed")["tasks"].clone()
    };
    assert_eq!(
        of("text"),
        serde_json::json!([
            {"task": "language-modelling", "metric": "bits-per-character", "higher_is_better": false}
        ])
    );
    assert_eq!(of("cifar10")[0]["metric"], "accuracy");
    assert_eq!(of("csv")[1]["task"], "regression");
    assert_eq!(of("cartpole")[0]["metric"], "return");
    let table = joulelab.stdout(&["data", "list"]);
    for row in [
        "classification or regression",
        "accuracy or RMSE",
        "bits per character",
    ] {
        assert!(table.contains(row), "no `{row}` in\n{table}");
    }

    for (name, lines) in [
        (
            "modular-addition",
            &[
                "classification, judged by accuracy: more is better",
                "4,704 to learn from, 4,705 held out, each 4 tokens of 99",
                "sum: 0, 1, 2,",
                "modulus = 97",
            ][..],
        ),
        (
            "sequence-copy",
            &[
                "sequence, judged by accuracy",
                "symbol: 0, 1, 2, 3, 4, 5, 6, 7, delimiter, blank",
            ],
        ),
        (
            "cartpole",
            &[
                "reinforcement, judged by return",
                "made as it is played",
                "left, right",
            ],
        ),
        (
            "text",
            &["bits per character: less is better", "yours", "length = 64"],
        ),
        (
            "digits",
            &[
                "1,438 to learn from",
                "CC BY 4.0",
                "E. Alpaydin",
                "test_fraction = 0.2",
            ],
        ),
    ] {
        let info = joulelab.stdout(&["data", "info", name]);
        for line in lines {
            assert!(info.contains(line), "{name}: no `{line}` in\n{info}");
        }
    }
    let info = joulelab.json(&["data", "info", "cartpole", "--json"]);
    assert_eq!(info["options"]["episode_steps_max"], 500);
    assert_eq!(info["dataset"]["task"], "reinforcement");
    let stderr = joulelab.fails(2, &["data", "info", "cart-pole"]);
    assert!(stderr.contains("did you mean `cartpole`?"), "{stderr}");
}

#[test]
fn a_table_of_quantities_and_a_text_are_described_by_their_files() {
    let joulelab = Joulelab::new();
    let path = |name: &str, content: &str| {
        let path = joulelab.folder().join(name);
        fs::write(&path, content).expect("a file");
        path.to_string_lossy().into_owned()
    };
    let rows: String = (0..80)
        .map(|row| format!("{row},{}.5\n", row * 3))
        .collect();
    let houses = path("houses.csv", &format!("size,price\n{rows}"));
    let info = joulelab.stdout(&["info", "--data", &houses, "--batch-size", "16"]);
    for line in [
        "regression, judged by RMSE: less is better",
        "price: a number",
        "64 to learn from",
    ] {
        assert!(info.contains(line), "no `{line}` in\n{info}");
    }
    let poem = path("poem.txt", &"to be, or not to be\n".repeat(200));
    let info = joulelab.json(&["info", "--data", &poem, "--batch-size", "16", "--json"]);
    let dataset = &info["dataset"];
    assert_eq!(
        (&dataset["name"], &dataset["task"]),
        (&"text".into(), &"language-modelling".into())
    );
    // 3600 characters to learn from, 400 held out, in windows of 64 and their answers.
    assert_eq!(
        (&dataset["train_samples"], &dataset["test_samples"]),
        (&56.into(), &6.into())
    );
}

#[test]
fn names_that_cannot_be_got_are_told() {
    let joulelab = Joulelab::new();
    let stderr = joulelab.fails(2, &["data", "get", "cifar-10"]);
    assert!(stderr.contains("did you mean `cifar10`?"), "{stderr}");
    let stderr = joulelab.fails(2, &["data", "get", "digits"]);
    assert!(stderr.contains("part of the program"), "{stderr}");
}

#[test]
fn a_set_that_is_not_here_is_never_downloaded_by_a_run() {
    let joulelab = Joulelab::new();
    for arguments in [
        &["run", "-d", "mnist", "--device", "cpu"][..],
        &["info", "-d", "mnist"],
    ] {
        let stderr = joulelab.fails(3, arguments);
        assert!(
            stderr.contains("`joulelab data get mnist` (11.1 MiB"),
            "{stderr}"
        );
    }
    assert!(!joulelab.folder().join("data").exists());
}

#[test]
fn a_download_without_a_network_names_every_address() {
    let joulelab = Joulelab::new();
    // Nobody listens there any more.
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", closed.local_addr().expect("an address"));
    drop(closed);
    let output = through(&joulelab, &["data", "get", "mnist"], &address)
        .output()
        .expect("joulelab starts");
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    for words in [
        "storage.googleapis.com",
        "ossci-datasets.s3.amazonaws.com",
        "through the proxy 127.0.0.1:",
        "joulelab data get mnist --from FOLDER",
    ] {
        assert!(stderr.contains(words), "no `{words}` in {stderr}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_stops_a_download_at_once() {
    let joulelab = Joulelab::new();
    // A proxy that takes the connection and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", silent.local_addr().expect("an address"));
    let child = through(&joulelab, &["data", "get", "mnist"], &address)
        .spawn()
        .expect("joulelab starts");
    let (_connection, _) = silent.accept().expect("a connection");
    let begun = std::time::Instant::now();
    let done = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill is everywhere on Unix");
    assert!(done.success());
    let output = child.wait_with_output().expect("it ends");
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(
        stderr.contains("`joulelab data get mnist` goes on from there"),
        "{stderr}"
    );
    // The program waits 30 s for a silent server.
    assert!(begun.elapsed().as_secs() < 15, "{:?}", begun.elapsed());
}

#[test]
fn files_of_the_user_are_checked() {
    let joulelab = Joulelab::new();
    let mine = joulelab.folder().join("mine");
    fs::create_dir(&mine).expect("a folder");
    fs::write(mine.join("train-labels-idx1-ubyte.gz"), "x").expect("a file");
    let from = mine.to_str().expect("a name");
    let stderr = joulelab.fails(3, &["data", "get", "mnist", "--from", from]);
    for words in [
        "`train-images-idx3-ubyte.gz` (9912422 bytes) is not there",
        "`train-labels-idx1-ubyte.gz` has 1 bytes instead of 28881",
        "joulelab data info mnist",
    ] {
        assert!(stderr.contains(words), "no `{words}` in {stderr}");
    }
}

#[test]
fn a_set_is_removed_when_that_is_meant() {
    let joulelab = Joulelab::new();
    small_cifar10(&joulelab, 1);
    let stderr = joulelab.fails(2, &["data", "remove", "cifar10"]);
    assert!(stderr.contains("--yes"), "{stderr}");
    joulelab.stdout(&["data", "remove", "cifar10", "--yes"]);
    assert!(!joulelab.folder().join("data/datasets/cifar10").exists());
    joulelab.stdout(&["data", "remove", "cifar10", "--yes"]);
}

#[test]
fn a_network_learns_from_cifar10() {
    let joulelab = Joulelab::new();
    small_cifar10(&joulelab, 40);
    let run = joulelab.train(&["-d", "cifar10", "--channels", "4", "-b", "20", "-e", "3"]);
    assert_eq!(run["run"]["setup"]["dataset"], "cifar10");
    // 200 images, and each shade is a class.
    assert_eq!(number(&run, "/run/epochs"), 3.0);
    assert!(number(&run, "/run/metrics/final_test_metric") > 0.1);
}

fn image_folder(root: &Path) {
    for class in 0..2_u8 {
        let folder = root.join(["dark", "bright"][usize::from(class)]);
        fs::create_dir_all(&folder).expect("a folder");
        for number in 0..20_u8 {
            let colour = image::Rgb([class * 200 + number, number, 90]);
            let image = image::RgbImage::from_pixel(20, 16, colour);
            image
                .save(folder.join(format!("{number}.png")))
                .expect("a file");
        }
    }
}

#[test]
fn a_network_learns_from_a_folder_of_images() {
    let joulelab = Joulelab::new();
    let root = joulelab.folder().join("pictures");
    image_folder(&root);
    let data = [
        "-d",
        "folder",
        "--data",
        root.to_str().expect("a name"),
        "--set",
        "dataset.size=16",
    ];
    let learn = ["--channels", "4", "-b", "8", "-e", "10"];
    let run = joulelab.train(&[&data[..], &learn].concat());
    assert_eq!(number(&run, "/run/metrics/final_test_metric"), 1.0);
    fs::write(root.join("dark/3.png"), "no image").expect("a file");
    let all = [
        &["run", "-q", "--device", "cpu", "--idle", "0", "-b", "8"],
        &data[..],
    ]
    .concat();
    let stderr = joulelab.fails(3, &all);
    assert!(
        stderr.contains("no PNG or JPEG") && stderr.contains("3.png"),
        "{stderr}"
    );
}

#[test]
fn a_network_learns_from_a_table() {
    let joulelab = Joulelab::new();
    let file = joulelab.folder().join("Table.CSV");
    let mut content = "weight,colour,kind\n".to_owned();
    for row in 0..100 {
        let (weight, colour) = (row % 2 * 10 + row % 7, ["red", "blue"][row / 2 % 2]);
        content.push_str(&format!("{weight},{colour},k{}\n", row % 2));
    }
    content.push_str(",red,k1\n");
    fs::write(&file, content).expect("a file");
    let file = file.to_str().expect("a name");
    let stderr = joulelab.fails(3, &["info", "--data", file]);
    assert!(
        stderr.contains("a row has missing values") && stderr.contains("(line 102)"),
        "{stderr}"
    );
    let drop = ["--data", file, "--set", "dataset.missing=drop"];
    let info = joulelab.json(&[&["info", "--json"], &drop[..]].concat());
    assert_eq!(info["dataset"]["dropped_samples"], 1);
    assert_eq!(info["dataset"]["input"]["features"], 3);
    // A table is learnt by an MLP, also where none is named.
    let run = joulelab.train(&[&drop[..], &["-b", "16", "-e", "30"]].concat());
    assert!(
        number(&run, "/run/metrics/final_test_metric") > 0.9,
        "{:#}",
        run["run"]
    );
}

#[test]
fn a_column_is_named_by_its_number_or_by_a_name_that_looks_like_one() {
    let joulelab = Joulelab::new();
    let file = joulelab.folder().join("table.csv");
    let rows: String = (0..40)
        .map(|row| format!("{row},{},{}\n", row % 2, row % 3))
        .collect();
    fs::write(&file, "a,2020,c\n".to_owned() + &rows).expect("a file");
    let label = |column: &str| {
        let column = format!("dataset.label={column}");
        let path = file.to_str().expect("a name");
        let info = joulelab.json(&[
            "info", "--json", "--data", path, "-b", "8", "--set", &column,
        ]);
        info["dataset"]["labels"][0]["name"].clone()
    };
    assert_eq!(label("3"), "c");
    assert_eq!(label("2020"), "2020");
    let setup = joulelab.folder().join("setup.toml");
    let text = format!("[dataset]\nname = \"csv\"\nfile = {file:?}\nlabel = 2\n");
    fs::write(&setup, text).expect("a file");
    let setup = setup.to_str().expect("a name");
    let info = joulelab.json(&["info", "--json", "--setup", setup, "-b", "8"]);
    assert_eq!(info["dataset"]["labels"][0]["name"], "2020");
}

#[test]
fn what_learns_no_classes_has_none_to_smooth() {
    let joulelab = Joulelab::new();
    let file = joulelab.folder().join("table.csv");
    let rows: String = (0..40)
        .map(|row| format!("{row},{}.5\n", row * row))
        .collect();
    fs::write(&file, "a,b\n".to_owned() + &rows).expect("a file");
    let path = file.to_str().expect("a name");
    let run = [
        "run",
        "--device",
        "cpu",
        "--data",
        path,
        "-b",
        "8",
        "--label-smoothing",
        "0.1",
    ];
    let stderr = joulelab.fails(2, &run);
    assert!(stderr.contains("regime.label_smoothing"), "{stderr}");
    assert!(stderr.contains("no classes in regression"), "{stderr}");
}

#[test]
fn a_set_is_described_where_the_batch_is_larger_than_it() {
    let joulelab = Joulelab::new();
    let file = joulelab.folder().join("table.csv");
    let rows: String = (0..20)
        .map(|row| format!("{row},{}\n", ["x", "y"][row % 2]))
        .collect();
    fs::write(&file, "a,b\n".to_owned() + &rows).expect("a file");
    let output = joulelab.output(&["info", "--data", file.to_str().expect("a name")]);
    assert_eq!(output.status.code(), Some(2));
    let (told, wrong) = (text(&output.stdout), text(&output.stderr));
    assert!(told.contains("16 to learn from, 4 held out"), "{told}");
    assert!(told.contains("training FLOP"), "{told}");
    assert!(
        wrong.contains("regime.batch_size") && wrong.contains("1 to 16"),
        "{wrong}"
    );
}

#[test]
fn files_of_the_wrong_kind_are_told_what_they_are() {
    let joulelab = Joulelab::new();
    let text = joulelab.folder().join("novel.md");
    fs::write(&text, "A joule is a watt for a second. ".repeat(300)).expect("a file");
    let text = text.to_str().expect("a name");
    let stderr = joulelab.fails(2, &["info", "--data", text]);
    assert!(
        stderr.contains("-d text") && stderr.contains("novel.md"),
        "{stderr}"
    );
    joulelab.stdout(&["info", "-d", "text", "--data", text, "-m", "gru", "-b", "8"]);
    for set in ["folder", "idx"] {
        let stderr = joulelab.fails(3, &["info", "-d", set, "--data", text]);
        assert!(stderr.contains("this is a file, not a folder"), "{stderr}");
    }
    let stderr = joulelab.fails(3, &["data", "get", "mnist", "--from", text]);
    assert!(stderr.contains("this is a file, not a folder"), "{stderr}");
}

#[test]
fn a_folder_of_folders_is_one_of_images() {
    let joulelab = Joulelab::new();
    let pictures = joulelab.folder().join("pictures");
    for class in ["cats", "dogs"] {
        fs::create_dir_all(pictures.join(class)).expect("a folder");
        fs::write(pictures.join(class).join("notes.txt"), "no image").expect("a file");
    }
    let stderr = joulelab.fails(3, &["info", "--data", pictures.to_str().expect("a name")]);
    assert!(stderr.contains("no PNG or JPEG"), "{stderr}");
}
