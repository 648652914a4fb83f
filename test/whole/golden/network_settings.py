"""The networks of generate-networks.py: what the files say about them, without data and numbers."""

ADAM = dict(kind="adam", beta1=0.9, beta2=0.999, epsilon=1e-8, epsilonRoot=0)
ADAMW = dict(kind="adamw", beta1=0.8, beta2=0.99, epsilon=1e-7, epsilonRoot=0, weightDecay=0.1)
RMSPROP = dict(kind="rmsprop", beta2=0.9, epsilon=1e-6, epsilonRoot=0)
DESCENT = dict(kind="gradientDescent")
AVERAGE = dict(kind="momentum", beta=0.9, form="average")
SUM = dict(kind="momentum", beta=0.8, form="sum")


def node(name, layer, source, frozen=False, **options):
    """`source`: names of what it is applied to, with spaces between."""
    made = dict(name=name, layer=layer, **(dict(options=options) if options else {}), **{"from": source.split()})
    return {**made, "frozen": True} if frozen else made


def again(name, first, source):
    return {"name": name, "weightsOf": first, "from": source.split()}


def dense(name, source, units, activation="linear", **options):
    return node(name, "dense", source, units=units, activation=activation, **options)


def ids(length, vocabulary):
    return dict(shape=[length], vocabulary=vocabulary)


def words(name, optimizer, rate, **options):
    """A classifier of four words."""
    return dict(name=name, inputs=dict(ids=ids(4, 11)),
                nodes=[node("e", "embedding", "ids", vocabulary=11, units=3, **options), node("f", "flatten", "e"),
                       dense("out", "f", 3, "softmax")],
                loss="categoricalCrossentropy", optimizer=optimizer, learningRate=rate)


X = dict(x=dict(shape=[5]))
SEQUENCE = dict(x=dict(shape=[4, 3]))
BOTH = dict(a=dict(shape=[4]), b=dict(shape=[4]))
GELU = dict(name="gelu", approximate=True)
NETWORKS = [
    dict(name="batch-norm-mlp", inputs=X,
         nodes=[dense("d", "x", 6, useBias=False), node("b", "batchNorm", "d"),
                node("r", "activation", "b", activation="relu"), dense("out", "r", 3, "softmax")],
         loss="categoricalCrossentropy", optimizer=ADAM, learningRate=0.02, examples=17, batchSize=6, epochs=4),
    dict(name="batch-norm-options", inputs=X,
         nodes=[dense("d", "x", 4, "tanh"), node("b1", "batchNorm", "d", momentum=0.7, epsilon=1e-3, center=False),
                dense("m", "b1", 4, "sigmoid"), node("b2", "batchNorm", "m", scale=False), dense("out", "b2", 2)],
         loss="meanSquaredError", optimizer=AVERAGE, learningRate=0.1),
    dict(name="batch-norm-frozen", inputs=X,
         nodes=[dense("d", "x", 4, "tanh"), node("still", "batchNorm", "d", frozen=True),
                dense("m", "still", 3, "tanh"), node("live", "batchNorm", "m"), dense("out", "live", 1, "sigmoid")],
         loss="binaryCrossentropy", optimizer=RMSPROP, learningRate=0.01),
    dict(name="batch-norm-images", inputs=dict(x=dict(shape=[3, 4, 2])),
         nodes=[node("b", "batchNorm", "x"), node("p", "prelu", "b"), node("f", "flatten", "p"),
                dense("out", "f", 3, "softmax")],
         loss="sparseCategoricalCrossentropy", optimizer=ADAMW, learningRate=0.01),
    dict(name="layer-norm-mlp", inputs=X,
         nodes=[dense("d", "x", 6, "sigmoid"), node("n", "layerNorm", "d", epsilon=1e-3), dense("m", "n", 4, "relu"),
                dense("out", "m", 2)],
         loss="meanSquaredError", optimizer=SUM, learningRate=0.02),
    dict(name="layer-norm-sequence", inputs=SEQUENCE,
         nodes=[node("n1", "layerNorm", "x"), dense("d", "n1", 5, "silu"), node("n2", "layerNorm", "d"),
                dense("out", "n2", 2)],
         loss="meanSquaredError", optimizer=DESCENT, learningRate=0.1),
    dict(name="sequence-dense", inputs=SEQUENCE,
         nodes=[dense("d1", "x", 6, "gelu"), dense("d2", "d1", 5, GELU), dense("d3", "d2", 4, "silu"),
                dense("out", "d3", 3, "softmax")],
         loss="sparseCategoricalCrossentropy", learningRate=0.02,
         optimizer=dict(kind="adam", beta1=0.8, beta2=0.99, epsilon=1e-7, epsilonRoot=1e-9)),
    dict(name="sequence-prelu", inputs=SEQUENCE,
         nodes=[dense("d", "x", 5), node("p", "prelu", "d"), node("f", "flatten", "p"),
                dense("out", "f", 1, "sigmoid")],
         loss="binaryCrossentropy", optimizer=RMSPROP, learningRate=0.01),
    words("embedding-adam", ADAM, 0.02),
    words("embedding-momentum", AVERAGE, 0.3),
    words("embedding-touched-adam", ADAM, 0.02, updates="touched"),
    words("embedding-touched-momentum", SUM, 0.1, updates="touched"),
    words("embedding-touched-descent", DESCENT, 0.5, updates="touched"),
    dict(name="embedding-shared", inputs={"here": ids(2, 9), "there": ids(3, 9)},
         nodes=[node("place", "embedding", "here", vocabulary=9, units=3, updates="touched"),
                again("goal", "place", "there"), node("f", "flatten", "place"), node("g", "flatten", "goal"),
                node("c", "concat", "f g"), dense("out", "c", 1)],
         loss="meanSquaredError", optimizer=ADAM, learningRate=0.03),
    dict(name="siamese-merges", inputs=BOTH,
         nodes=[dense("left", "a", 3, "tanh", kernelRegularizer={"kind": "l2", "lambda": 0.3}),
                again("right", "left", "b"), node("s", "add", "left right"), node("p", "multiply", "left right"),
                dense("own", "a", 3), node("v", "average", "left right own"), node("m", "maximum", "right own"),
                node("c", "concat", "s p v m left"), dense("out", "c", 1, "sigmoid")],
         loss="binaryCrossentropy", optimizer=ADAMW, learningRate=0.01),
    dict(name="shared-in-a-chain", inputs=X,
         nodes=[dense("d", "x", 5, "tanh", kernelRegularizer=dict(kind="l1l2", l1=0.01, l2=0.02),
                      biasRegularizer=dict(kind="l2", l2=0.05)),
                again("d2", "d", "d"), again("d3", "d", "d2"), dense("out", "d3", 2)],
         loss="meanSquaredError", optimizer=SUM, learningRate=0.02),
    dict(name="three-outputs-frozen-middle", inputs=BOTH,
         nodes=[node("c", "concat", "a b"), dense("h", "c", 5, "tanh"),
                dict(dense("middle", "h", 4, "sigmoid", kernelRegularizer={"kind": "l2", "l2": 0.01}), frozen=True),
                dense("price", "middle", 1), dense("kind", "middle", 3, "softmax"), dense("sold", "h", 2, "sigmoid")],
         outputs=["price", "kind", "sold"],
         loss=dict(price="meanSquaredError", kind="sparseCategoricalCrossentropy", sold="binaryCrossentropy"),
         lossWeights=dict(price=0.4, kind=2), optimizer=ADAMW, learningRate=0.02),
]
# What a network says of these goes before.
DEFAULTS = dict(outputs=["out"], examples=13, batchSize=5, epochs=3)
SETTINGS = [{**DEFAULTS, **network} for network in NETWORKS]
