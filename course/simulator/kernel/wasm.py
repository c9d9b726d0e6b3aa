"""How a call reaches the kernel: arrays copied into its memory, and a struct that says where each of them lies."""

import atexit
import struct
import threading
from pathlib import Path

import numpy as np

ACTIVATIONS = ("relu", "tanh", "sigmoid", "linear", "softmax")  # these four in the order of kernel.c
LOSSES = ("half_mse", "cross_entropy")
PENALTIES = ("none", "L1", "L2")
OPTIMIZERS = ("sgd", "momentum", "adam")

_STATE = ("theta", "gradient", "first", "second", "alive", "random")
_POINTERS = ("units", "activation", "rates", "x", "y", *_STATE, "h", "slope", "delta", "result")
_NET = struct.Struct(f"<4dq14i{len(_POINTERS)}i")  # network.h's struct: numbers, `dropped`, counts and kinds, pointers
_POWERS, _CARRIED = slice(2, 4), 15  # the members that training changes


def call(function, rules, state, shape, x, y=None, train_size=0, rates=(), every=False):
    """Run one of the kernel's functions on `state` and return its result, of the given shape.

    Only ``train`` changes `state`. The arguments are those of the functions of `course.simulator.kernel`.
    """
    lanes = state.theta.shape[1]
    arrays = {
        "units": np.array(rules.units, "<i4"),
        "activation": np.array([ACTIVATIONS.index(name) for name in rules.activations], "<i4"),
        "x": x,
        "theta": state.theta,
    }
    if y is not None:
        arrays["y"] = y
    if function == "train":
        arrays |= {"rates": np.asarray(rates, dtype=float), **{name: getattr(state, name) for name in _STATE}}
    unit = 8 * lanes
    sizes = {name: array.nbytes for name, array in arrays.items()}
    sizes |= {"h": unit * rules.biases, "slope": unit * rules.biases, "delta": unit * rules.biases}
    sizes |= {"result": 8 * int(np.prod(shape))}
    memory, run, (net, *places) = _reserve([_NET.size, *sizes.values()])
    where = dict(zip(sizes, places, strict=True))
    for name, array in arrays.items():
        memory(where[name], array.shape, array.dtype)[...] = array
    numbers = _numbers(rules, state, len(x), train_size, len(rates), every)
    memory(net, _NET.size, np.uint8).data[:] = _NET.pack(*numbers, *(where.get(name, 0) for name in _POINTERS))
    run(f"{function}_{lanes}", net)
    if function == "train":
        for name in _STATE:
            getattr(state, name)[...] = memory(where[name], arrays[name].shape, arrays[name].dtype)
        after = _NET.unpack(memory(net, _NET.size, np.uint8).data)
        state.powers, state.carried = after[_POWERS], after[_CARRIED]
    return memory(where["result"], shape, np.float64).copy()


def arc4(state, count):
    """Return the next `count` bytes of ARC4; `state` is its box of 256 bytes and its two places, changed in place."""
    memory, run, places = _reserve([len(state), count])
    box = memory(places[0], len(state), np.uint8)
    box[...] = state
    run("arc4", *places, count)
    state[...] = box
    return memory(places[1], count, np.uint8).tobytes()


def _numbers(rules, state, points, train_size, epochs, every):
    """Return the struct's members up to the pointers, in order."""
    return (
        *(rules.penalty_rate, rules.momentum, *state.powers, round(rules.dropout * 2**53)),
        *(len(rules.units) - 1, rules.units[0], rules.weights, rules.biases, rules.units[-1]),
        *(rules.batch_size, train_size, points - train_size, epochs, every, state.carried),
        *(LOSSES.index(rules.loss), PENALTIES.index(rules.penalty), OPTIMIZERS.index(rules.optimizer)),
    )


def _reserve(sizes):
    """Make room in the kernel's memory, which only ever grows.

    Returns
    -------
    memory : callable
        ``memory(place, shape, dtype)``: the array that lies there.
    run : callable
        ``run(name, *arguments)`` calls an exported function.
    places : list of int
        One per size in bytes.
    """
    store, exports, base = _instance()
    places = [base]
    for size in sizes:
        places.append(-(-(places[-1] + size) // 64) * 64)
    memory = exports["memory"]
    missing = places.pop() - memory.data_len(store)
    if missing > 0:
        memory.grow(store, -(-missing // 65536))
    buffer = memory.get_buffer_ptr(store)
    return (
        lambda place, shape, dtype: np.ndarray(shape, dtype, buffer, place),
        lambda name, *arguments: exports[name](store, *arguments),
        places,
    )


_compiled, _lock = [], threading.Lock()
_local = threading.local()  # an instance serves one thread; the widget trains in a thread of its own


@atexit.register
def _release():
    """Free the kernel while wasmtime can still do it: later, Python's end has taken its functions away."""
    _local.__dict__.clear()
    _compiled.clear()


def _instance():
    """Return this thread's store, exports and first free address, compiling the kernel the first time."""
    if not hasattr(_local, "instance"):
        import wasmtime

        with _lock:
            if not _compiled:
                engine = wasmtime.Engine()
                code = Path(__file__).with_name("kernel.wasm").read_bytes()
                _compiled.extend((engine, wasmtime.Module(engine, code)))
        engine, module = _compiled
        store = wasmtime.Store(engine)
        exports = wasmtime.Instance(store, module, []).exports(store)
        _local.instance = store, exports, exports["__heap_base"].value(store)
    return _local.instance
