from .directory import Interruption as Interruption
from .directory import Variables as Variables
from .directory import Workspace as Workspace
