"""tf.image: TensorFlow's numbers, on the host and on the device."""

import io

import jax
import numpy as np
import pytest

from neurona.core.errors import ArgumentError, ShapeError
from neurona.legacy.tensorflow import image
from neurona.legacy.tensorflow.errors import InvalidArgumentError
from neurona.legacy.tensorflow.hosts import tensor
from neurona.legacy.tensorflow.tensor import Tensor

from .truth import TRUTH, check, on_host

IMAGE = TRUTH["image/img"]  # (6, 5, 3), 0 to 255
BYTES, UNIT = IMAGE.astype(np.uint8), (IMAGE / 255).astype(np.float32)
A, B = TRUTH["image/a"], TRUTH["image/b"]
METHODS = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")
BOXES = [[0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], [-0.2, 0, 0.5, 1.2], [0.9, 0.9, 0.1, 0.1]]

CASES = {  # a case of TensorFlow's results: the function, its image, its other arguments
    "resize_u8": (image.resize, BYTES, ((3, 4),)),
    "resize_u8_nearest": (image.resize, BYTES, ((3, 4), "nearest")),
    "resize_keep": (image.resize, IMAGE, ((4, 4), "bilinear", True)),
    "resize_v1": (image.resize_images, IMAGE, ((4, 7),)),
    "resize_v1_nn": (image.resize_nearest_neighbor, IMAGE[None], ((4, 7),)),
    "resize_v1_align": (image.resize_bilinear, IMAGE[None], ((4, 7), True)),
    "v1_bicubic": (image.resize_bicubic, IMAGE[None], ((4, 7),)),
    "v1_area": (image.resize_area, IMAGE[None], ((4, 7),)),
    "with_pad": (image.resize_with_pad, IMAGE, (7, 9)),
    "crop_or_pad": (image.resize_with_crop_or_pad, IMAGE, (4, 9)),
    "central": (image.central_crop, IMAGE, (0.5,)),
    "central8": (image.central_crop, IMAGE, (0.8,)),
    "bbox": (image.crop_to_bounding_box, IMAGE, (1, 2, 3, 2)),
    "padbb": (image.pad_to_bounding_box, IMAGE, (1, 2, 9, 8)),
    "conv": (image.convert_image_dtype, BYTES, ("float32",)),
    "conv2": (image.convert_image_dtype, UNIT, ("uint8",)),
    "conv3": (image.convert_image_dtype, BYTES, ("uint16",)),
    "conv4": (image.convert_image_dtype, BYTES.astype(np.uint16) * 257, ("uint8",)),
    "conv5": (image.convert_image_dtype, UNIT * np.float32(1.5), ("uint8", True)),
    "conv6": (image.convert_image_dtype, BYTES, ("int16",)),
    "pis": (image.per_image_standardization, IMAGE, ()),
    "pis_u8": (image.per_image_standardization, BYTES, ()),
    "gray": (image.rgb_to_grayscale, UNIT, ()),
    "gray_u8": (image.rgb_to_grayscale, BYTES, ()),
    "g2rgb": (image.grayscale_to_rgb, UNIT[..., :1], ()),
    "hsv": (image.rgb_to_hsv, UNIT, ()),
    "rgb": (image.hsv_to_rgb, UNIT, ()),
    "yiq": (image.rgb_to_yiq, UNIT, ()),
    "yuv": (image.rgb_to_yuv, UNIT, ()),
    "yiq2": (image.yiq_to_rgb, UNIT, ()),
    "yuv2": (image.yuv_to_rgb, UNIT, ()),
    "bright": (image.adjust_brightness, UNIT, (0.2,)),
    "bright_u8": (image.adjust_brightness, BYTES, (0.2,)),
    "contrast": (image.adjust_contrast, UNIT, (2.0,)),
    "contrast_u8": (image.adjust_contrast, BYTES, (2.0,)),
    "sat": (image.adjust_saturation, UNIT, (0.5,)),
    "sat_u8": (image.adjust_saturation, BYTES, (2.0,)),
    "hue": (image.adjust_hue, UNIT, (0.2,)),
    "hue_u8": (image.adjust_hue, BYTES, (-0.3,)),
    "gamma": (image.adjust_gamma, UNIT, (0.5, 2.0)),
    "gamma_u8": (image.adjust_gamma, BYTES, (0.5,)),
    "flr": (image.flip_left_right, BYTES, ()),
    "fud": (image.flip_up_down, BYTES, ()),
    "rot": (image.rot90, BYTES, ()),
    "rot3": (image.rot90, BYTES, (3,)),
    "tr": (image.transpose, BYTES, ()),
    "ssim": (image.ssim, A, (B, 1.0)),
    "psnr": (image.psnr, A, (B, 1.0)),
    "tv": (image.total_variation, A, ()),
    "sobel": (image.sobel_edges, A[:, :4, :4], ()),
    "patches": (image.extract_patches, IMAGE[None], ([1, 2, 3, 1], [1, 2, 1, 1], [1, 1, 1, 1], "VALID")),
    "patches_same": (image.extract_patches, IMAGE[None], ([1, 2, 3, 1], [1, 2, 1, 1], [1, 2, 1, 1], "SAME")),
    "car": (image.crop_and_resize, IMAGE[None], (BOXES, [0, 0, 0, 0], (3, 4))),
    "car_nn": (image.crop_and_resize, IMAGE[None], (BOXES, [0, 0, 0, 0], (3, 4), "nearest", -1.0)),
    "car1": (image.crop_and_resize, IMAGE[None], (BOXES[:1], [0], (1, 1))),
}


@pytest.mark.parametrize("name", CASES)
def test_numbers_are_tensorflows(name):
    function, pixels, arguments = CASES[name]
    check(f"image/{name}", function(on_host(pixels), *arguments))


@pytest.mark.parametrize("method", METHODS)
def test_resize_by_every_method_larger_and_smaller(method):
    for antialias in (False, True):
        for size in ((9, 8), (3, 2), (4, 7)):
            resized = image.resize(on_host(IMAGE), size, method=method, antialias=antialias)
            check(f"image/resize|{method}|{antialias}|{size}", resized, 1e-3)


def test_the_device_computes_what_the_host_computes():
    for name in ("bicubic", "lanczos3"):
        check(f"image/resize|{name}|True|(4, 7)", image.resize(IMAGE, (4, 7), name, antialias=True), 1e-3)
    for name in ("pis", "sat", "crop_or_pad", "car"):
        function, pixels, arguments = CASES[name]
        check(f"image/{name}", function(pixels, *arguments))


def test_gradients_of_images():
    down, across = image.image_gradients(on_host(A))
    check("image/dy", down)
    check("image/dx", across)
    slope = jax.grad(lambda pixels: image.total_variation(Tensor(pixels))._array.sum())(A)
    assert slope.shape == A.shape


def test_boxes_that_overlap_are_left_out():
    boxes, scores = TRUTH["image/bx"], TRUTH["image/sc"]
    check("image/nms", image.non_max_suppression(boxes, scores, 3, 0.5))
    check("image/nms2", image.non_max_suppression(boxes, scores, 10, 0.5, 0.55))
    numbers, values = image.non_max_suppression_with_scores(boxes, scores, 6, 0.5, soft_nms_sigma=0.5)
    check("image/soft_i", numbers)
    check("image/soft_s", values)
    numbers, count = image.non_max_suppression_padded(boxes, scores, 5, 0.5, pad_to_max_output_size=True)
    check("image/nmsp", numbers)
    check("image/nmspn", count)
    both = np.stack([scores, scores[::-1]], -1)[None]
    found = image.combined_non_max_suppression(boxes[None, :, None], both, 2, 3, 0.5, 0.2)
    for name, value in zip("bscn", found):
        check(f"image/cnms_{name}", value)


def test_boxes_are_drawn():
    boxes = [[[0.1, 0.2, 0.8, 0.9], [0, 0, 0.5, 0.5]]]
    empty = np.zeros((1, 6, 5, 3), np.float32)
    check("image/draw", image.draw_bounding_boxes(empty, boxes, np.array([[1.0, 0, 0], [0, 1, 0]])))
    check("image/draw_none", image.draw_bounding_boxes(empty, boxes))


def test_random_changes_stay_within_their_bounds_and_differ():
    flips = [bool((image.random_flip_left_right(on_host(BYTES)).numpy() == BYTES).all()) for _ in range(30)]
    assert 5 < sum(flips) < 25
    moved = np.array([(image.random_brightness(on_host(UNIT), 0.2).numpy() - UNIT).mean() for _ in range(8)])
    assert np.abs(moved).max() <= 0.2
    assert len(set(moved.tolist())) > 1
    batch = image.random_flip_up_down(on_host(np.stack([BYTES] * 20))).numpy()
    assert 1 < sum(bool((one == BYTES).all()) for one in batch) < 19
    assert image.random_hue(on_host(UNIT), 0.1).shape == image.random_contrast(on_host(UNIT), 0.2, 0.5).shape
    once, again = (image.stateless_random_crop(on_host(IMAGE), (3, 3, 3), (1, 2)).numpy() for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_refusals_name_the_argument():
    with pytest.raises(ShapeError, match=r"images \(height, width, channels\)"):
        image.resize(on_host(IMAGE[0]), (2, 2))
    with pytest.raises(ArgumentError, match=r"size is \(height, width\)"):
        image.resize(on_host(IMAGE), (2,))
    with pytest.raises(ArgumentError, match="method is one of bilinear"):
        image.resize(on_host(IMAGE), (2, 2), method="cubic")
    with pytest.raises(ArgumentError, match=r"within \(0, 1\]"):
        image.central_crop(on_host(IMAGE), 2.0)
    with pytest.raises(ArgumentError, match="width must be >= target"):
        image.crop_to_bounding_box(on_host(IMAGE), 0, 4, 5, 5)
    with pytest.raises(ShapeError, match="three channels"):
        image.rgb_to_hsv(on_host(UNIT[..., :1]))


class TestPictures:
    """Files of pictures that Pillow wrote, decoded to TensorFlow's shapes."""

    def picture(self, kind, mode="RGB", **options):
        pillow = pytest.importorskip("PIL.Image")
        rows, columns = np.mgrid[0:16, 0:20]
        pixels = np.stack([rows * 15, columns * 12, (rows + columns) * 7], -1).astype(np.uint8)
        out = io.BytesIO()
        pillow.fromarray(pixels).convert(mode).save(out, kind, **options)
        return tensor(out.getvalue())

    def test_png(self):
        assert image.decode_png(self.picture("PNG")).numpy()[5, 5].tolist() == [75, 60, 70]
        assert image.decode_png(self.picture("PNG"), channels=4).numpy()[5, 5].tolist() == [75, 60, 70, 255]
        assert image.decode_png(self.picture("PNG"), channels=1).numpy()[5, 5].tolist() == [65]
        assert image.decode_png(self.picture("PNG", "L")).shape == (16, 20, 1)
        assert image.decode_png(self.picture("PNG", "RGBA")).shape == (16, 20, 4)

    def test_others(self):
        assert image.decode_jpeg(self.picture("JPEG"), channels=1).shape == (16, 20, 1)
        assert image.decode_bmp(self.picture("BMP")).shape == (16, 20, 3)
        assert image.decode_gif(self.picture("GIF")).shape == (1, 16, 20, 3)
        assert image.decode_image(self.picture("GIF"), expand_animations=False).shape == (16, 20, 3)
        pixels = image.decode_image(self.picture("PNG"), dtype="float32").numpy()
        np.testing.assert_allclose(pixels[5, 5], np.array([75, 60, 70]) / 255, rtol=1e-6)

    def test_back_to_a_file(self):
        pixels = image.decode_png(self.picture("PNG"))
        np.testing.assert_array_equal(image.decode_png(image.encode_png(pixels)).numpy(), pixels.numpy())
        assert bool(image.is_jpeg(image.encode_jpeg(pixels)))

    def test_what_is_no_picture_is_refused(self):
        pytest.importorskip("PIL")
        with pytest.raises(InvalidArgumentError, match="unknown image file format"):
            image.decode_image(tensor(b"abc"))
