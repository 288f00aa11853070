//! A kernel of our own that puts batches of images together, for devices that compute with wgpu.

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::wgpu::{CubeBackend, CubeTensor};
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::cubecl::ir::UIntKind;
use burn::cubecl::ir::metadata::Info;
use burn::cubecl::prelude::{
    AddressType, CubeCount, CubeDim, ElemType, ExecutionMode, KernelDefinition, KernelId,
    KernelMetadata, KernelSettings, Scope,
};
use burn::cubecl::server::{Handle, KernelArguments};
use burn::cubecl::std::tensor::{TensorHandle, into_contiguous};
use burn::cubecl::{CubeKernel, PrecompiledSource};
use burn::tensor::{DType, Int, Shape, Tensor};

/// One invocation a number; see there.
const SHADER: &str = include_str!("../../shaders/gather_images.wgsl");
/// As the shader says.
const WORKGROUP: usize = 64;

/// How images lie, and what becomes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gathering {
    /// Channels of an image.
    pub channels: usize,
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
    /// Number of the first image that is at hand. Those that are not come out as zeros.
    pub first: usize,
    /// Whether images are changed.
    pub is_changed: bool,
    /// Side of the square that is cut out of each changed image, in pixels.
    pub cutout: usize,
}

impl Gathering {
    fn numbers(&self) -> usize {
        self.channels * self.height * self.width
    }
}

/// Images on a device, and how they are to be changed.
pub struct Images<'a> {
    /// `[images, words]`, four pixels in a word, the first in the lowest bits.
    pub words: &'a Tensor<2, Int>,
    /// Mean and deviation of each channel, `[channels, 2]`, in the range of the pixels, 0 to 255.
    pub scale: &'a Tensor<2>,
    /// How they lie.
    pub gathering: Gathering,
}

impl Images<'_> {
    /// The images `chosen` `[batch]`, each changed by its row of `changes` `[batch, 5]` (rows lower, columns further right, mirrored,
    /// first row and column of the square that is cut out) and normalised: `[batch, channels · height · width]`. The device
    /// must compute with wgpu, and have autodiff or not as `chosen` has.
    pub fn gather(&self, chosen: Tensor<1, Int>, changes: Tensor<2, Int>) -> Tensor<2> {
        let is_autodiff = chosen.device().is_autodiff();
        let out = <Dispatch as ImageOperations>::gather_images(
            self.words.clone().without_autodiff().into_dispatch(),
            chosen.without_autodiff().into_dispatch(),
            changes.without_autodiff().into_dispatch(),
            self.scale.clone().without_autodiff().into_dispatch(),
            self.gathering,
        );
        let out = Tensor::from_dispatch(out);
        if is_autodiff { out.autodiff() } else { out }
    }
}

/// What the backends are asked for; with fusion it waits in the queue as any other operation.
#[backend_extension(Cube, Fusion)]
pub trait ImageOperations: Backend {
    /// See [`Images::gather`].
    #[fusion(dtype = DType::F32, shape = Shape::from(vec![chosen[0], gathering.numbers()]))]
    fn gather_images(
        words: IntTensor<Self>,
        chosen: IntTensor<Self>,
        changes: IntTensor<Self>,
        scale: FloatTensor<Self>,
        gathering: Gathering,
    ) -> FloatTensor<Self>;
}

impl ImageOperations for CubeBackend {
    fn gather_images(
        words: IntTensor<Self>,
        chosen: IntTensor<Self>,
        changes: IntTensor<Self>,
        scale: FloatTensor<Self>,
        gathering: Gathering,
    ) -> FloatTensor<Self> {
        let (client, device) = (words.client.clone(), words.device.clone());
        let (batch, numbers) = (chosen.meta.shape()[0], gathering.numbers());
        let out = client.empty(batch * numbers * size_of::<f32>());
        let kernel = Gather {
            gathering,
            images: words.meta.shape()[0],
            words: words.meta.shape()[1],
        };
        let arguments = [&words, &chosen, &changes, &scale]
            .into_iter()
            .map(in_order)
            .fold(KernelArguments::new(), |arguments, buffer| {
                arguments.with_buffer(buffer.binding())
            })
            .with_buffer(out.clone().binding());
        let count = CubeCount::Static(numbers.div_ceil(WORKGROUP) as u32, batch as u32, 1);
        client.launch(Box::new(kernel), count, arguments);
        let shape = Shape::from(vec![batch, numbers]);
        CubeTensor::new_contiguous(client, device, shape, out, DType::F32)
    }
}

/// The memory of a tensor whose numbers lie in order, copied if they do not.
fn in_order(tensor: &CubeTensor) -> Handle {
    let (shape, strides) = (tensor.meta.shape(), tensor.meta.strides());
    let mut step = 1;
    let mut is_in_order = true;
    for (size, stride) in shape.iter().zip(strides.iter()).rev() {
        is_in_order &= *size == 1 || *stride == step;
        step *= size;
    }
    if is_in_order {
        return tensor.handle.clone();
    }
    let whole = TensorHandle::from(tensor.clone());
    let dtype = whole.dtype;
    into_contiguous(&tensor.client, whole.binding(), dtype).handle
}

/// The shader for images of one shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Gather {
    gathering: Gathering,
    images: usize,
    /// Words of an image.
    words: usize,
}

impl Gather {
    fn text(&self) -> String {
        let Gathering {
            channels,
            height,
            width,
            first,
            is_changed,
            cutout,
        } = self.gathering;
        let (images, words) = (self.images, self.words);
        format!(
            "const CHANNELS: u32 = {channels}u;\n\
             const HEIGHT: u32 = {height}u;\n\
             const WIDTH: u32 = {width}u;\n\
             const STRIDE: u32 = {words}u;\n\
             const FIRST: i32 = {first};\n\
             const IMAGES: i32 = {images};\n\
             const CHANGED: bool = {is_changed};\n\
             const CUTOUT: i32 = {cutout};\n\
             {SHADER}"
        )
    }
}

impl KernelMetadata for Gather {
    /// All that the text follows from.
    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(*self)
    }

    fn address_type(&self) -> ElemType {
        ElemType::UInt(UIntKind::U32)
    }
}

impl CubeKernel for Gather {
    /// Nothing: the text stands for it.
    fn define(&self) -> KernelDefinition {
        let dim = CubeDim::new_1d(WORKGROUP as u32);
        let settings = KernelSettings::new(dim.0, ExecutionMode::Checked, AddressType::U32);
        KernelDefinition {
            body: Scope::root(settings.clone()),
            settings,
            info: Info::default(),
        }
    }

    fn source(&self) -> Option<PrecompiledSource> {
        Some(PrecompiledSource {
            source: self.text(),
            entrypoint_name: "main".to_owned(),
            lang: "wgsl",
        })
    }
}
