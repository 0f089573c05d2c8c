"""Published networks for series. Importing this package enters them into the registry."""

from topology_efficient_dl.models.baselines.fcn import FCN
from topology_efficient_dl.models.baselines.gru import GRUClassifier
from topology_efficient_dl.models.baselines.inception_time import InceptionTime
from topology_efficient_dl.models.baselines.resnet import ResNet
from topology_efficient_dl.models.baselines.tcn import TCN
from topology_efficient_dl.models.baselines.tiny_cnn import TinyCNN
from topology_efficient_dl.models.baselines.transformer import TransformerClassifier

__all__ = ["FCN", "TCN", "GRUClassifier", "InceptionTime", "ResNet", "TinyCNN", "TransformerClassifier"]
