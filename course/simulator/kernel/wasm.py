"""How a call reaches the kernel: NumPy arrays copied into its memory, and the address of a struct that lists them."""

import threading
from pathlib import Path

import numpy as np

ACTIVATIONS = ("relu", "tanh", "sigmoid", "linear", "softmax")  # the four in the order of kernel.c
LOSSES = ("half_mse", "cross_entropy")
PENALTIES = ("none", "L1", "L2")
OPTIMIZERS = ("sgd", "momentum", "adam")

_NUMBERS = ("lambda", "momentum", "beta1_power", "beta2_power")
_COUNTS = ("layers", "inputs", "weights", "biases", "outputs", "batch", "train_size", "test_size", "epochs", "every")
_KINDS = ("carried", "loss", "penalty", "optimizer")
_ARRAYS = ("units", "activation", "rates", "x", "y", "theta", "gradient", "first", "second", "alive", "random")
_SCRATCH = ("h", "slope", "delta", "result")
_STRUCT = np.dtype(
    [(name, "<f8") for name in _NUMBERS]
    + [("dropped", "<i8")]
    + [(name, "<i4") for name in _COUNTS + _KINDS + _ARRAYS + _SCRATCH]
)
_STATE = ("theta", "gradient", "first", "second", "alive", "random")


def call(function, rules, state, shape, x, y, train_size, rates=(), every=False):
    """Copy everything into the kernel's memory, run `function`, and copy back the state and its result."""
    lanes = state.theta.shape[1]
    arrays = {
        "units": np.array(rules.units, "<i4"),
        "activation": np.array([ACTIVATIONS.index(name) for name in rules.activations], "<i4"),
        "rates": np.asarray(rates, dtype=float),
        "x": np.ascontiguousarray(x, dtype=float),
        "y": np.ascontiguousarray(y, dtype=float),
        **{name: getattr(state, name) for name in _STATE},
        **dict.fromkeys(("h", "slope", "delta"), np.empty((rules.biases, lanes))),
        "result": np.empty(shape),
    }
    struct = np.zeros((), _STRUCT)
    for name, value in _settings(rules, state, len(x), train_size, len(rates), every).items():
        struct[name] = value
    memory, run, places = _reserve([struct, *arrays.values()])
    for name, place in zip(arrays, places[1:], strict=True):
        struct[name] = place
    for name, array in arrays.items():
        if name not in _SCRATCH:
            memory(struct[name], array)[...] = array
    memory(places[0], struct)[...] = struct
    run(f"{function}_{lanes}", places[0])
    if function == "train":
        for name in _STATE:
            getattr(state, name)[...] = memory(struct[name], arrays[name])
        after = memory(places[0], struct)
        state.carried, state.powers = int(after["carried"]), (float(after["beta1_power"]), float(after["beta2_power"]))
    return memory(struct["result"], arrays["result"]).copy()


def arc4(state, count):
    """Return the next `count` bytes of ARC4; `state` is its box of 256 bytes and its two places, changed in place."""
    memory, run, places = _reserve([state, np.empty(count, np.uint8)])
    box = memory(places[0], state)
    box[...] = state
    run("arc4", *places, count)
    state[...] = box
    return memory(places[1], np.empty(count, np.uint8)).tobytes()


def _settings(rules, state, points, train_size, epochs, every):
    """Return the plain numbers of the kernel's struct."""
    return {
        "lambda": rules.penalty_rate,
        "momentum": rules.momentum,
        "beta1_power": state.powers[0],
        "beta2_power": state.powers[1],
        "dropped": round(rules.dropout * 2**53),
        "layers": len(rules.units) - 1,
        "inputs": rules.units[0],
        "weights": rules.weights,
        "biases": rules.biases,
        "outputs": rules.units[-1],
        "batch": rules.batch_size,
        "train_size": train_size,
        "test_size": points - train_size,
        "epochs": epochs,
        "every": every,
        "carried": state.carried,
        "loss": LOSSES.index(rules.loss),
        "penalty": PENALTIES.index(rules.penalty),
        "optimizer": OPTIMIZERS.index(rules.optimizer),
    }


def _reserve(arrays):
    """Lay `arrays` out in the kernel's memory.

    Returns
    -------
    memory : callable
        ``memory(place, like)``: the array of the dtype and shape of `like` that lies at `place`.
    run : callable
        ``run(name, *arguments)`` calls an exported function.
    places : list of int
        One per array.
    """
    store, exports, base = _instance()
    places = [base]
    for array in arrays:
        places.append(-(-(places[-1] + array.nbytes) // 64) * 64)
    memory = exports["memory"]
    missing = places.pop() - memory.data_len(store)
    if missing > 0:
        memory.grow(store, -(-missing // 65536))
    whole = np.frombuffer(memory.get_buffer_ptr(store), np.uint8)
    return (
        lambda place, like: whole[place : place + like.nbytes].view(like.dtype).reshape(like.shape),
        lambda name, *arguments: exports[name](store, *arguments),
        places,
    )


_compiled, _lock = [], threading.Lock()
_local = threading.local()  # an instance serves one thread; the widget trains in a thread of its own


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
