"""The data: IDX files, the MNIST that ships, splits, augmentation."""
