//! What networks answer.

use burn::module::Module;
use burn::tensor::Device;
use joulelab::models::Samples;
use joulelab::setup::{InputShape, Outputs};

use crate::common::{
    Case, alone, answers, assert_close, each_position, every_kind, image, sentence, together,
    tokens,
};

#[test]
fn there_is_an_answer_for_each_sample_or_position() {
    let _drawing = together();
    let device = Device::flex();
    for case in every_kind() {
        let network = case.network(0, &device);
        let found = network.forward(case.samples(4, &device));
        let expected = 4 * case.outputs.answers(case.input);
        assert_eq!(
            found.dims(),
            [expected, case.outputs.numbers],
            "{:?}",
            case.model
        );
        let found: Vec<f32> = found.into_data().try_to_vec().unwrap();
        assert!(found.iter().all(|x| x.is_finite()), "{:?}", case.model);
    }
}

#[test]
fn a_sample_is_answered_by_itself() {
    let _drawing = together();
    // Outside training nothing passes from one sample to another; answers come sample after sample.
    let device = Device::flex();
    for case in every_kind() {
        let network = case.network(3, &device);
        let samples = case.samples(3, &device);
        let second = match &samples {
            Samples::Numbers(all) => Samples::Numbers(all.clone().narrow(0, 1, 1)),
            Samples::Tokens(all) => Samples::Tokens(all.clone().narrow(0, 1, 1)),
            Samples::Images(all) => Samples::Images(all.clone().narrow(0, 1, 1)),
        };
        let together = answers(&network, samples);
        let alone = answers(&network, second);
        let count = alone.len();
        assert_close(
            &together[count..2 * count],
            &alone,
            &format!("{:?}", case.model),
        );
    }
}

#[test]
fn groups_of_one_or_two_numbers_in_all_are_normalised_like_others() {
    let _drawing = together();
    let device = Device::flex();
    let answer = Outputs::of_sample(3);
    for (fields, input) in [
        ("kind='mlp'\nhidden=[1]", InputShape::Features(5)),
        ("kind='mlp'\nhidden=[2]", InputShape::Features(5)),
        ("kind='mlp'\nhidden=[1,3,2]", InputShape::Features(5)),
        ("kind='cnn'\nchannels=[1]\nkernel=1", image(1, 2, 2)),
    ] {
        let case = Case::new(&format!("{fields}\nnormalisation='group'"), input, answer);
        let network = case.network(3, &device);
        let Samples::Numbers(all) = case.samples(5, &device) else {
            panic!("{fields}: no numbers");
        };
        let together = answers(&network, Samples::Numbers(all.clone()));
        for sample in 0..5 {
            let one = Samples::Numbers(all.clone().narrow(0, sample, 1));
            let expected = &together[3 * sample..3 * sample + 3];
            assert_close(expected, &answers(&network, one), fields);
        }
    }
}

#[test]
fn a_seed_gives_one_network_and_another_seed_another() {
    let _drawing = alone();
    let device = Device::flex();
    for case in every_kind() {
        let samples = case.samples(2, &device);
        let of_seed = |seed| answers(&case.network(seed, &device), samples.clone());
        assert_eq!(of_seed(5), of_seed(5), "{:?}", case.model);
        assert_ne!(of_seed(5), of_seed(6), "{:?}", case.model);
        // A device that can take gradients makes no other network.
        let trained = case.network(5, &Device::flex().autodiff()).valid();
        assert_eq!(
            answers(&trained, samples.clone()),
            of_seed(5),
            "{:?}",
            case.model
        );
    }
}

#[test]
fn a_later_token_changes_no_earlier_answer() {
    let _drawing = alone();
    let device = Device::flex();
    for fields in [
        "kind='lstm'\ndepth=2\nwidth=8",
        "kind='gru'\ndepth=2\nwidth=8",
        "kind='transformer'\nwidth=16",
        "kind='transformer'\nwidth=16\npositions='sinusoidal'\npooling='class-token'",
    ] {
        let case = Case::new(fields, tokens(6, 9), each_position(9));
        let network = case.network(1, &device);
        let before = answers(&network, sentence(&[1, 2, 3, 4, 5, 6], &device));
        let after = answers(&network, sentence(&[1, 2, 3, 8, 5, 6], &device));
        assert_eq!(before[..27], after[..27], "{fields}");
        for position in 3..6 {
            let at = position * 9..(position + 1) * 9;
            assert_ne!(before[at.clone()], after[at], "{fields} at {position}");
        }
    }
}

#[test]
fn an_encoder_sees_every_token_and_its_place() {
    let _drawing = alone();
    let device = Device::flex();
    for fields in [
        "pooling='mean'",
        "pooling='class-token'",
        "positions='sinusoidal'",
    ] {
        let fields = format!("kind='transformer'\nwidth=16\n{fields}");
        let case = Case::new(&fields, tokens(4, 9), Outputs::of_sample(3));
        let network = case.network(1, &device);
        let whole = answers(&network, sentence(&[1, 2, 3, 4], &device));
        for other in [[8, 2, 3, 4], [1, 2, 3, 8], [2, 1, 3, 4]] {
            assert_ne!(
                whole,
                answers(&network, sentence(&other, &device)),
                "{fields} {other:?}"
            );
        }
    }
}

#[test]
fn one_answer_of_a_decoder_is_that_of_its_last_position() {
    let _drawing = alone();
    // All positions lead to the last one, and only there does every token count.
    let device = Device::flex();
    let fields = "kind='transformer'\nwidth=16\nform='decoder'";
    let one = Case::new(fields, tokens(4, 9), Outputs::of_sample(9));
    let each = Case::new(fields, tokens(4, 9), each_position(9));
    let samples = sentence(&[3, 1, 4, 1], &device);
    let last = answers(&one.network(1, &device), samples.clone());
    let all = answers(&each.network(1, &device), samples);
    assert_near(&last, &all[27..], fields);
}

#[test]
fn a_recurrent_network_answers_from_its_last_state() {
    let _drawing = alone();
    let device = Device::flex();
    for kind in ["lstm", "gru"] {
        let fields = format!("kind='{kind}'\nwidth=8");
        let one = Case::new(&fields, tokens(4, 9), Outputs::of_sample(9));
        let each = Case::new(&fields, tokens(4, 9), each_position(9));
        let samples = sentence(&[3, 1, 4, 1], &device);
        let last = answers(&one.network(1, &device), samples.clone());
        let all = answers(&each.network(1, &device), samples);
        assert_near(&last, &all[27..], kind);
    }
}

#[test]
fn numbers_are_dropped_in_training_alone() {
    // Another test that seeds the generator between the two passes would make them alike.
    let _drawing = alone();
    let training = Device::flex().autodiff();
    for (fields, input) in [
        ("kind='mlp'\ndropout=0.5", InputShape::Features(6)),
        (
            "kind='cnn'\nnormalisation='none'\ndropout=0.5",
            image(1, 8, 8),
        ),
        ("kind='lenet5'\ndropout=0.5", image(1, 8, 8)),
        (
            "kind='vgg'\nwidth=8\nnormalisation='none'\ndropout=0.5",
            image(1, 8, 8),
        ),
        (
            "kind='resnet'\nwidth=8\nnormalisation='layer'\ndropout=0.5",
            image(1, 8, 8),
        ),
        (
            "kind='mobilenet-v2'\nnormalisation='layer'\ndropout=0.5",
            image(1, 8, 8),
        ),
        ("kind='vit'\nwidth=16\ndropout=0.5", image(1, 8, 8)),
        ("kind='lstm'\nwidth=8\ndropout=0.5", tokens(4, 9)),
        ("kind='gru'\nwidth=8\ndepth=2\ndropout=0.5", tokens(4, 9)),
        ("kind='transformer'\nwidth=16\ndropout=0.5", tokens(4, 9)),
    ] {
        let case = Case::new(fields, input, Outputs::of_sample(3));
        let network = case.network(1, &training);
        let samples = case.samples(2, &training);
        let twice = || answers(&network, samples.clone());
        assert_ne!(twice(), twice(), "{fields}");
        let plan = joulelab::setup::plan::plan(&case.model, input, case.outputs).unwrap();
        assert!(
            plan.layers.iter().any(|layer| layer.name == "dropout"),
            "{fields}"
        );

        let without = fields.replace("dropout=0.5", "dropout=0.0");
        let without = Case::new(&without, input, case.outputs).network(1, &training);
        let twice = || answers(&without, samples.clone());
        assert_eq!(twice(), twice(), "{fields}");

        let device = Device::flex();
        let network = network.valid();
        let samples = case.samples(2, &device);
        let twice = || answers(&network, samples.clone());
        assert_eq!(twice(), twice(), "{fields}");
    }
}

/// One position alone and several together are products of other sizes, which may be rounded otherwise.
#[track_caller]
fn assert_near(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let pairs = found.iter().zip(expected);
    let apart = pairs.fold(0.0_f32, |apart, (a, b)| apart.max((a - b).abs()));
    assert!(apart < 1e-6, "{what}: {apart}: {found:?} {expected:?}");
}
