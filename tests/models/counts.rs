//! Parameters and multiply-accumulates: as published, and as built.

use burn::tensor::Device;
use joulelab::setup::{InputShape, ModelSetup, Outputs, plan::Plan, plan::plan};
use proptest::prelude::*;

use crate::common::{Case, every_kind, image, learnt, model, together, tokens};

fn planned(fields: &str, input: InputShape, classes: usize) -> Plan {
    plan(&model(fields), input, Outputs::of_sample(classes)).unwrap()
}

/// Parameters and multiply-accumulates of torchvision 0.29.2, at 224×224 pixels and 1000 classes. Parameters are the "num_params" of
/// `Weights.meta`, and the sum over the parameters of the models as they are built. Multiply-accumulates are those of
/// convolutions, linear layers and attention as PyTorch 2.15 counts them in a forward pass
/// (`torch.utils.flop_counter.FlopCounterMode`, halved); rounded to three places of a billion they are the "_ops" of `Weights.meta`.
#[test]
fn torchvision_counts() {
    let vgg = |depth| {
        format!(
            "kind='vgg'\ndepth={depth}\nhead='flatten'\nhidden=[4096, 4096]\ndropout=0.5\n\
             normalisation='none'"
        )
    };
    let vgg_bn = |depth| vgg(depth).replace("'none'", "'batch'");
    let vit = "kind='vit'\npatch=16\ndepth=12\nwidth=768\nheads=12\nmlp_ratio=4".to_owned();
    for (fields, parameters, macs) in [
        ("kind='resnet'".to_owned(), 11_689_512, 1_814_073_344),
        (
            "kind='resnet'\ndepth=34".to_owned(),
            21_797_672,
            3_663_761_408,
        ),
        (
            "kind='resnet'\ndepth=50".to_owned(),
            25_557_032,
            4_089_184_256,
        ),
        ("kind='mobilenet-v2'".to_owned(), 3_504_872, 300_774_272),
        (vgg(11), 132_863_336, 7_609_090_048),
        (vgg(16), 138_357_544, 15_470_264_320),
        (vgg_bn(13), 133_053_736, 11_308_466_176),
        (vgg_bn(19), 143_678_248, 19_632_062_464),
        (vit, 86_567_656, 17_563_828_224),
    ] {
        let plan = planned(&fields, image(3, 224, 224), 1000);
        assert_eq!(plan.parameters(), parameters, "{fields}");
        assert_eq!(plan.macs(), macs, "{fields}");
    }
}

/// 61,706 parameters and 416,520 multiply-accumulates at 28×28 and 10 classes, in the form that became usual, as PyTorch counts them
/// (`Conv2d(1, 6, 5, padding=2)`, `Conv2d(6, 16, 5)`, `Linear` of 400, 120, 84 and 10); the first convolution and the linear layers
/// behind it are those of LeCun et al. 1998.
#[test]
fn lenet5_counts() {
    let plan = planned("kind='lenet5'", image(1, 28, 28), 10);
    let parameters: Vec<u64> = plan.layers.iter().map(|layer| layer.parameters).collect();
    let parameters: Vec<u64> = parameters.into_iter().filter(|count| *count > 0).collect();
    assert_eq!(parameters, [156, 2_416, 48_120, 10_164, 850]);
    // 28²·25·6, 10²·150·16 and the linear layers' weights.
    let macs = 784 * 150 + 100 * 2400 + 400 * 120 + 120 * 84 + 84 * 10;
    assert_eq!(plan.macs(), macs);
    assert_eq!(macs, 416_520);
    assert_eq!(plan.flattened, 400);
}

/// The ResNet-18 for CIFAR-10 that became usual: torchvision's with `Conv2d(3, 64, 3, 1, 1, bias=False)` for its first convolution,
/// without its pooling and with 10 classes, counted as above.
#[test]
fn small_images_keep_their_size_at_the_beginning() {
    let plan = planned("kind='resnet'", image(3, 32, 32), 10);
    assert_eq!(plan.parameters(), 11_173_962);
    assert_eq!(plan.macs(), 555_422_720);
    let large = planned("kind='resnet'\nstem='imagenet'", image(3, 32, 32), 10);
    assert!(large.macs() < plan.macs() / 10);
    let of_64 = planned("kind='resnet'", image(3, 64, 64), 10);
    let stem = &of_64.layers[0];
    assert_eq!(
        (stem.name.as_str(), stem.output),
        ("stem: conv 7×7", image(64, 32, 32))
    );
    let of_63 = planned("kind='resnet'", image(3, 63, 64), 10);
    assert_eq!(of_63.layers[0].output, image(64, 63, 64));

    let last = |fields: &str| {
        let plan = planned(fields, image(3, 32, 32), 10);
        plan.layers
            .iter()
            .rev()
            .find_map(|layer| layer.output.height_and_width())
    };
    assert_eq!(last("kind='mobilenet-v2'"), Some((4, 4)));
    assert_eq!(last("kind='mobilenet-v2'\nstem='imagenet'"), Some((1, 1)));
}

/// In PyTorch 2.15 `torch.nn.LSTM(64, 128, 2)` has 231,424 parameters and `GRU` 173,568: gates·hidden·(input + hidden + 2) for each layer.
#[test]
fn recurrent_counts_are_those_of_pytorch() {
    for (kind, cells) in [("lstm", 231_424), ("gru", 173_568)] {
        let fields = format!("kind='{kind}'\ndepth=2\nwidth=128\nembedding=64");
        let plan = planned(&fields, tokens(20, 50), 10);
        assert_eq!(plan.parameters(), cells + 50 * 64 + 129 * 10, "{kind}");
        let gates = if kind == "lstm" { 4 } else { 3 };
        assert_eq!(
            plan.macs(),
            20 * gates * 128 * (64 + 128 + 128 + 128) + 1280
        );
    }
}

/// GPT-2's small model with its tied output has 124,439,808 parameters (Radford et al. 2019, as released; built of PyTorch's
/// `Embedding`, `LayerNorm` and `Linear` it has as many), its context 1024 and its vocabulary 50,257; its scores come from the embedding, where ours have a layer of their own.
#[test]
fn decoder_counts_are_those_of_gpt_2() {
    let fields = "kind='transformer'\ndepth=12\nwidth=768\nheads=12";
    let outputs = crate::common::each_position(50_257);
    let plan = plan(&model(fields), tokens(1024, 50_257), outputs).unwrap();
    assert_eq!(plan.parameters(), 124_439_808 + 50_257 * 769);
}

#[test]
fn networks_have_as_many_parameters_as_their_plans() {
    let _drawing = together();
    let device = Device::flex().autodiff();
    for case in every_kind() {
        let plan = plan(&case.model, case.input, case.outputs).unwrap();
        assert_eq!(
            learnt(&case.network(0, &device)),
            plan.parameters(),
            "{:?}",
            case.model
        );
    }
}

/// Residual and attention branches, counted by hand: what is added is counted once, and softmax for each head.
#[test]
fn operations_beside_the_products_follow_the_stated_formulas() {
    let plan = planned(
        "kind='transformer'\nwidth=8\nheads=2\ndepth=1\nmlp_ratio=3",
        tokens(5, 7),
        4,
    );
    let by_name: Vec<(&str, u64, u64)> = plan
        .layers
        .iter()
        .map(|layer| (layer.name.as_str(), layer.macs, layer.forward_flop))
        .collect();
    assert_eq!(
        by_name,
        [
            ("embedding", 0, 0),
            ("positions", 0, 40),
            ("block 1: layer norm", 0, 160),
            ("block 1: query, key, value", 960, 1920 + 120),
            ("block 1: attention", 400, 800 + 40 + 5 * 2 * 25),
            ("block 1: linear", 320, 640 + 40),
            ("block 1: add", 0, 40),
            ("block 1: layer norm", 0, 160),
            ("block 1: linear", 960, 1920 + 120),
            ("block 1: gelu", 0, 120),
            ("block 1: linear", 960, 1920 + 40),
            ("block 1: add", 0, 40),
            ("layer norm", 0, 160),
            ("mean of positions", 0, 40),
            ("linear", 32, 68),
        ]
    );
    // Only a first layer with weights that computes is spared a gradient; a look-up has none to spare.
    assert_eq!(plan.training_flop(), 3 * plan.forward_flop());
}

fn convolutional() -> impl Strategy<Value = (String, InputShape)> {
    let kind = prop_oneof![
        Just("kind='lenet5'".to_owned()),
        prop::sample::select(vec![11, 13, 16, 19])
            .prop_map(|depth| format!("kind='vgg'\ndepth={depth}\nwidth=4")),
        prop::sample::select(vec![18, 34, 50])
            .prop_map(|depth| format!("kind='resnet'\ndepth={depth}\nwidth=4")),
        (1_u32..8).prop_map(|eighths| {
            let factor = f64::from(eighths) / 8.0;
            format!("kind='mobilenet-v2'\nwidth_multiplier={factor}")
        }),
    ];
    let norm = prop::sample::select(vec!["none", "batch", "layer", "group"]);
    let weights =
        prop::sample::select(vec!["default", "kaiming", "xavier", "normal", "orthogonal"]);
    let size = (1_usize..4, 1_usize..80, 1_usize..80);
    (kind, norm, weights, size).prop_map(|(kind, norm, weights, (channels, height, width))| {
        let fields = format!("{kind}\nnormalisation='{norm}'\ninitialisation='{weights}'");
        (fields, image(channels, height, width))
    })
}

fn sequential() -> impl Strategy<Value = (String, InputShape)> {
    let recurrent = (
        prop::sample::select(vec!["lstm", "gru"]),
        1_usize..4,
        1_usize..9,
        1_usize..9,
    );
    let recurrent = recurrent.prop_map(|(kind, depth, width, embedding)| {
        format!("kind='{kind}'\ndepth={depth}\nwidth={width}\nembedding={embedding}")
    });
    let attention = (
        1_usize..3,
        1_usize..4,
        1_usize..4,
        prop::sample::select(vec![
            "pooling='class-token'",
            "positions='sinusoidal'",
            "form='decoder'",
        ]),
    );
    let attention = attention.prop_map(|(depth, heads, ratio, rest)| {
        let width = heads * 2;
        format!(
            "kind='transformer'\ndepth={depth}\nwidth={width}\nheads={heads}\n\
             mlp_ratio={ratio}\n{rest}"
        )
    });
    let input = prop_oneof![
        (1_usize..9, 1_usize..9).prop_map(|(length, vocabulary)| tokens(length, vocabulary)),
        (1_usize..4, 1_usize..9, 1_usize..9).prop_map(|(c, h, w)| image(c, h, w)),
    ];
    (prop_oneof![recurrent, attention], input)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_model_is_built_as_planned((fields, input) in prop_oneof![convolutional(), sequential()]) {
        let _drawing = together();
        let case = Case::new(&fields, input, Outputs::of_sample(3));
        let plan = plan(&case.model, case.input, case.outputs).unwrap();
        let network = case.network(1, &Device::flex().autodiff());
        prop_assert_eq!(learnt(&network), plan.parameters());
        let device = Device::flex();
        let network = case.network(1, &device);
        prop_assert_eq!(network.forward(case.samples(2, &device)).dims(), [2, 3]);
    }
}

#[test]
fn every_kind_is_covered_here() {
    let covered: Vec<&str> = every_kind().iter().map(|case| case.model.kind()).collect();
    for kind in ModelSetup::KINDS {
        assert!(covered.contains(&kind), "{kind}");
    }
}
