"""What torch.nn 2.13 makes of formulas that the tests repeat, written down once.

``python tests/frozen_torch.py`` prints the numbers anew where torch is installed: two
layers in both directions, 3 inputs, 2 hidden units, 4 words, computed in float64.
For each cell the outputs, the slopes of the inputs, and of each parameter's slopes the
sum that `numbers` weighs.
"""

import numpy as np

N_INPUTS, HIDDEN, WORDS = 3, 2, 4


def numbers(n, shift):
    """Numbers that anybody can write down again."""
    return 0.6 * np.sin(1.3 * np.arange(n) + shift)


FROZEN = {
    "lstm": [
        [
            [0.0193122, -0.1127212, 0.1817736, 0.1187728],
            [0.0076953, -0.1949382, 0.1838832, 0.1044576],
            [0.0014401, -0.2431696, 0.1857156, 0.0979235],
            [-0.0132171, -0.2782899, 0.1655014, 0.0614928],
        ],
        [
            [-0.0022425, -0.0052794, -0.000582],
            [-0.031026, -0.0193528, 0.0206723],
            [-0.0282807, -0.0237226, 0.0155891],
            [-0.0107783, -0.0149407, 0.0027851],
        ],
        [
            -5.64e-05,
            -0.0014951,
            -0.0109443,
            -0.0109443,
            0.0063101,
            -0.0206715,
            -0.010353,
            -0.010353,
            0.0657329,
            0.0054626,
            0.2584029,
            0.2584029,
            -0.0300733,
            -0.0036974,
            0.0118405,
            0.0118405,
        ],
    ],
    "gru": [
        [
            [0.1813096, -0.0222553, 0.51768, 0.5766079],
            [0.0958251, -0.0950772, 0.6732887, 0.6057783],
            [0.0679546, -0.2004964, 0.5686436, 0.5318257],
            [0.0461672, -0.2330693, 0.5643303, 0.3370684],
        ],
        [
            [-0.0981439, 0.0302867, 0.1143473],
            [-0.2210381, -0.1410037, 0.1456015],
            [-0.1900508, -0.1115759, 0.130358],
            [-0.0081438, -0.0897126, -0.0398522],
        ],
        [
            -0.1022937,
            -0.0104646,
            -0.3247207,
            -0.1613979,
            -0.0149719,
            -0.1164848,
            0.3067023,
            0.2407343,
            -0.0269296,
            0.0251068,
            0.4938156,
            0.1817367,
            -0.0535365,
            -0.1255756,
            -0.2803815,
            -0.1480063,
        ],
    ],
    "tanh": [
        [
            [-0.7654732, -0.8080077, 0.8315523, -0.1647201],
            [-0.8073247, -0.8420416, 0.6300858, 0.5019424],
            [-0.4174385, -0.8071211, 0.4042637, -0.2148114],
            [-0.7135017, -0.6789199, 0.8041982, 0.1411882],
        ],
        [
            [0.0651889, 0.0828985, -0.0208384],
            [0.1226388, 0.4351846, 0.1101839],
            [0.0236647, 0.1563846, 0.0600007],
            [-0.1754536, -0.2248307, 0.0551697],
        ],
        [
            0.2083882,
            0.1337503,
            0.3419518,
            0.3419518,
            -0.172325,
            0.0482775,
            -0.2112006,
            -0.2112006,
            -0.0264762,
            0.1898163,
            0.1238374,
            0.1238374,
            0.413323,
            0.0818951,
            -0.1665583,
            -0.1665583,
        ],
    ],
    "relu": [
        [
            [0.0, 0.0, 1.4075366, 0.0],
            [0.0, 0.0, 0.8209284, 0.5849757],
            [0.0, 0.0, 0.591573, 0.0],
            [0.0, 0.0, 0.9471279, 0.0],
        ],
        [
            [0.1542415, 0.4148816, 0.0677192],
            [0.089008, 0.5853356, 0.2241452],
            [-0.0310521, -0.0111281, 0.0250986],
            [-0.1434609, -0.2091685, 0.0315563],
        ],
        [
            0.0693966,
            0.1640435,
            0.5146148,
            0.5146148,
            -0.0475772,
            0.1877484,
            -0.2718852,
            -0.2718852,
            0.0,
            0.0,
            0.0,
            0.0,
            0.7898521,
            -0.2703058,
            -0.4213494,
            -0.4213494,
        ],
    ],
}


def main():
    """Print FROZEN."""
    import torch

    kinds = {
        "lstm": torch.nn.LSTM,
        "gru": torch.nn.GRU,
        "tanh": torch.nn.RNN,
        "relu": lambda *sizes, **more: torch.nn.RNN(
            *sizes, nonlinearity="relu", **more
        ),
    }
    for name, kind in kinds.items():
        layers = kind(N_INPUTS, HIDDEN, 2, bidirectional=True).double()
        with torch.no_grad():
            for number, part in enumerate(layers.parameters()):
                values = numbers(part.numel(), number).reshape(part.shape)
                part.copy_(torch.tensor(values))
        inputs = numbers(WORDS * N_INPUTS, 5).reshape(WORDS, N_INPUTS)
        inputs = torch.tensor(inputs, requires_grad=True)
        outputs, _ = layers(inputs)
        (outputs.flatten() * torch.tensor(numbers(outputs.numel(), 9))).sum().backward()
        sums = [
            part.grad.flatten() @ torch.tensor(numbers(part.numel(), 2))
            for part in layers.parameters()
        ]
        found = outputs.detach().numpy(), inputs.grad.numpy(), np.array(sums)
        print(repr(name), [np.round(part, 7).tolist() for part in found])


if __name__ == "__main__":
    main()
