"""Persistent homology of time series: series -> embedding -> filtration -> diagram -> feature vector.

===================  ==========================================================================
module               what it holds
===================  ==========================================================================
``diagrams``         ``PersistenceDiagrams``, the interchange format of many samples' diagrams
``embeddings``       Takens, sliding window, spectrogram
``delay_choice``     the ``auto`` delay and dimension of a Takens embedding, chosen on train
``combinations``     which embedding goes with which filtration and homology dimension
``persistence``      Rips (three engines), alpha, cubical, sublevel and superlevel diagrams
``landmarks``        maxmin subsets of a point cloud
``vectorization``    landscape, image, silhouette, Betti curve, entropy, statistics
``extraction``       ``extract_diagrams`` and ``TopologicalFeatureExtractor``
``preview``          a plotly figure of one diagram
``cost``             analytic operation counts and complexity notes
===================  ==========================================================================
"""
