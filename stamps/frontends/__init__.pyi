from .processor import Processor as Processor
