//! Models that do not fit their data, and fields that make no sense.

use joulelab::setup::{InputShape, Outputs, Problems, plan::plan};

use crate::common::{each_position, image, model, tokens};

fn refused(fields: &str, input: InputShape, outputs: Outputs) -> Problems {
    match plan(&model(fields), input, outputs) {
        Err(problems) => problems,
        Ok(plan) => panic!("{fields}: planned with {} parameters", plan.parameters()),
    }
}

#[test]
fn models_that_do_not_fit_the_data_are_refused_with_what_would() {
    let one = Outputs::of_sample(3);
    let table = InputShape::Features(30);
    for kind in ["cnn", "lenet5", "vgg", "resnet", "mobilenet-v2", "vit"] {
        let fields = format!("kind='{kind}'");
        let of_table = refused(&fields, table, one).to_string();
        assert!(of_table.contains("`mlp` for tabular data"), "{of_table}");
        let of_tokens = refused(&fields, tokens(8, 20), one).to_string();
        assert!(
            of_tokens.contains("`transformer`, `lstm` or `gru`"),
            "{of_tokens}"
        );
    }
    for kind in ["lstm", "gru", "transformer"] {
        let problem = refused(&format!("kind='{kind}'"), table, one).to_string();
        assert!(problem.contains("`mlp` for tabular data"), "{problem}");
    }
    let problem = refused("kind='mlp'", tokens(8, 20), each_position(20)).to_string();
    assert!(problem.contains("at each position"), "{problem}");
}

#[test]
fn patches_fill_the_image() {
    let problems = refused(
        "kind='vit'\npatch=5",
        image(1, 28, 28),
        Outputs::of_sample(3),
    );
    assert_eq!(problems.0[0].field, "model.patch");
    assert!(problems.to_string().contains("28"), "{problems}");
    let problems = refused(
        "kind='vit'\npatch=4",
        image(1, 28, 30),
        Outputs::of_sample(3),
    );
    assert_eq!(problems.0[0].field, "model.patch");
}

#[test]
fn an_encoder_cannot_answer_at_each_position() {
    let fields = "kind='transformer'\nform='encoder'";
    let problems = refused(fields, tokens(8, 20), each_position(20));
    assert_eq!(problems.0[0].field, "model.form");
    assert!(problems.to_string().contains("`decoder`"), "{problems}");
}

#[test]
fn more_parameters_than_any_device_holds_are_refused() {
    let fields = "kind='transformer'\ndepth=64\nwidth=65536\nheads=64\nmlp_ratio=64";
    let problems = refused(fields, tokens(8, 20), Outputs::of_sample(3));
    assert!(problems.to_string().contains("20000000000"), "{problems}");
    // As large as a count can be: it ends there instead of starting again from nothing.
    let fields = "kind='cnn'\nchannels=[65536, 65536]\nkernel=31\nconvolutions=8";
    let large = image(3, 1_000_000, 1_000_000);
    let problems = refused(fields, large, Outputs::of_sample(3));
    assert!(problems.to_string().contains("parameters"), "{problems}");
}
