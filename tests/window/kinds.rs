//! The choices of dataset, model and regime, and what follows from one for the others.

use joulelab::setup::{DatasetSetup, ModelSetup, ResnetSetup, Setup};

use crate::values::write;
use crate::window::{Window, short};

/// How many times a menu is opened before it counts as one that does not open.
const OPENINGS: usize = 10;

/// Opens the menu called `menu`, as soon as there is one to choose from, and takes the item called `item`.
///
/// What arrives meanwhile (a preview of the samples, a forecast) moves the menu away from under the pointer:
/// a click that it did not get is made again.
#[track_caller]
pub fn choose(window: &mut Window, menu: &str, item: &str) {
    window.until(menu, |window| menu_box(window, menu).is_some());
    for _ in 0..OPENINGS {
        let Some(found) = menu_box(window, menu) else {
            break;
        };
        found.scroll_to_me();
        window.scroll();
        if let Some(found) = menu_box(window, menu) {
            found.click();
        }
        window.settle();
        if window.has(item) {
            break;
        }
    }
    window.click(item);
}

fn menu_box<'a>(window: &'a Window, menu: &'a str) -> Option<egui_kittest::Node<'a>> {
    use egui_kittest::kittest::{NodeT as _, Queryable as _};
    window
        .harness
        .query_all_by_role(egui::accesskit::Role::ComboBox)
        .find(|node| node.accesskit_node().label().as_deref() == Some(menu))
}

fn setup(window: &Window) -> Setup {
    window
        .harness
        .state()
        .state()
        .shared
        .preferences
        .setup
        .clone()
}

#[test]
fn another_kind_of_samples_brings_a_model_that_can_learn_from_them() {
    let mut window = Window::new(short());
    choose(&mut window, "Dataset", "Modular addition");
    window.until("a transformer", |window| {
        window.has_part("The model is now: Transformer")
    });
    window.until("its sums", |window| {
        window.has_part("97 classes") && window.has_part(" = ")
    });
    assert_eq!(setup(&window).model.kind(), "transformer");
    choose(&mut window, "Dataset", "CartPole");
    window.until("what it is judged by", |window| window.has("Target return"));
    let played = setup(&window);
    assert_eq!(played.model.kind(), "mlp");
    assert_eq!(played.regime.stop.target, Some(475.0));
    for label in ["Episodes a step", "Discount", "Entropy", "Longest episode"] {
        assert!(window.has(label), "{label}: {:?}", window.seen());
    }
    window.harness.check_accessibility();
    // And back: what came with the environment goes with it, and the model is a usable one.
    choose(&mut window, "Dataset", "Handwritten digits");
    window.until("the digits", |window| window.has("Target accuracy"));
    let back = setup(&window);
    assert_eq!(back.regime.stop.target, None);
    assert_eq!(back.regime.batch_size, 64);
    assert!(back.validate().is_ok());
}

#[test]
fn every_kind_of_model_has_a_form_and_is_possible_as_it_is_offered() {
    for (item, kind) in [
        ("LeNet-5", "lenet5"),
        ("VGG", "vgg"),
        ("ResNet", "resnet"),
        ("MobileNetV2", "mobilenet-v2"),
        ("Vision transformer", "vit"),
        ("LSTM", "lstm"),
        ("GRU", "gru"),
        ("Transformer", "transformer"),
    ] {
        let mut window = Window::new(short());
        choose(&mut window, "Model", item);
        window.click("More of the model");
        window.until("its cost", |window| window.has_part("parameters · "));
        assert_eq!(setup(&window).model.kind(), kind);
        window.harness.check_accessibility();
    }
}

#[test]
fn the_layers_of_a_deep_network_are_shown_by_block() {
    let setup = Setup {
        model: ModelSetup::Resnet(ResnetSetup {
            depth: 50,
            ..ResnetSetup::default()
        }),
        ..short()
    };
    let mut window = Window::with_size(setup, [1280.0, 1600.0], 1.0);
    window.until("its cost", |window| window.has_part("parameters · "));
    window.click("Layers");
    window.until("its blocks", |window| {
        window.has_part("block 4.3, ") && !window.has_part("conv 1×1")
    });
    let block = window
        .seen()
        .into_iter()
        .find(|label| label.starts_with("block 1.2, "))
        .expect("it is there");
    window.click(&block);
    window.until("its layers", |window| window.has_part("conv 1×1"));
    window.harness.check_accessibility();
}

#[test]
fn fields_of_the_regime_are_checked_beside_them() {
    let mut window = Window::with_size(short(), [1280.0, 1800.0], 1.0);
    window.until("the digits", |window| window.has_part("1,438 train"));
    window.click("Augmentation");
    write(&mut window, "Random crop", "40");
    window.until("what is allowed", |window| {
        window.has_part("8, the size of the image")
    });
    write(&mut window, "Random crop", "2");
    window.until("what is on", |window| window.has("Augmentation: crop"));
    window.click("More of the regime");
    window.click("Use micro-batches");
    window.until("half a batch", |window| {
        setup(window).regime.micro_batch_size == Some(32)
    });
    write(&mut window, "Micro-batch", "48");
    window.until("what is allowed", |window| window.has_part("a divisor of"));
    write(&mut window, "Micro-batch", "16");
    window.click("Average the weights");
    write(&mut window, "Average", "0.99");
    window.until("nothing wrong", |window| !window.has_part("Allowed"));
    let regime = setup(&window).regime;
    assert_eq!(regime.micro_batch_size, Some(16));
    assert_eq!(regime.ema.map(|ema| ema.decay), Some(0.99));
    assert_eq!(regime.augmentation.crop_padding, 2);
    window.harness.check_accessibility();
}

#[test]
fn every_set_that_needs_files_says_so_where_they_are_named() {
    for (item, name, words) in [
        ("Images in folders", "folder", "for each class"),
        ("Table (CSV)", "csv", "divided by commas"),
        ("Text", "text", "such as a book"),
        ("Texts, classes (CSV)", "text-csv", "a text and its class"),
        ("MNIST-like (IDX)", "idx", "train-images-idx3-ubyte"),
    ] {
        let mut window = Window::with_size(short(), [1280.0, 1000.0], 1.0);
        choose(&mut window, "Dataset", item);
        window.until("what is to be named", |window| window.has_part(words));
        assert_eq!(setup(&window).dataset.name(), name);
        window.click("Start training");
        window.settle();
        assert!(window.runs().is_empty(), "{name} has no files yet");
        window.harness.check_accessibility();
    }
}

#[test]
fn a_text_is_read_and_its_figures_are_shown() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("joule.txt");
    std::fs::write(&path, "A joule is a watt for a second. ".repeat(300)).expect("it is written");
    let mut window = Window::new(short());
    crate::dropped::drop_on(&mut window, &path);
    window.until("the text", |window| {
        window.has_part("a watt for a second") && window.has_part("64 symbols of ")
    });
    assert!(matches!(setup(&window).dataset, DatasetSetup::Text(_)));
    assert!(window.has("Target bits per character"));
}
