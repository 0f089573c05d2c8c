"""The names of the 128 sets of the UCR archive of 2018, for hints at a mistyped name and for runs over the archive.

Dau et al., "The UCR Time Series Archive", IEEE/CAA Journal of Automatica Sinica 6(6), 2019.
"""

_NAMES = """
    ACSF1 Adiac AllGestureWiimoteX AllGestureWiimoteY AllGestureWiimoteZ ArrowHead BME Beef BeetleFly
    BirdChicken CBF Car Chinatown ChlorineConcentration CinCECGTorso Coffee Computers CricketX CricketY
    CricketZ Crop DiatomSizeReduction DistalPhalanxOutlineAgeGroup DistalPhalanxOutlineCorrect DistalPhalanxTW
    DodgerLoopDay DodgerLoopGame DodgerLoopWeekend ECG200 ECG5000 ECGFiveDays EOGHorizontalSignal
    EOGVerticalSignal Earthquakes ElectricDevices EthanolLevel FaceAll FaceFour FacesUCR FiftyWords Fish FordA
    FordB FreezerRegularTrain FreezerSmallTrain Fungi GestureMidAirD1 GestureMidAirD2 GestureMidAirD3
    GesturePebbleZ1 GesturePebbleZ2 GunPoint GunPointAgeSpan GunPointMaleVersusFemale GunPointOldVersusYoung
    Ham HandOutlines Haptics Herring HouseTwenty InlineSkate InsectEPGRegularTrain InsectEPGSmallTrain
    InsectWingbeatSound ItalyPowerDemand LargeKitchenAppliances Lightning2 Lightning7 Mallat Meat
    MedicalImages MelbournePedestrian MiddlePhalanxOutlineAgeGroup MiddlePhalanxOutlineCorrect MiddlePhalanxTW
    MixedShapesRegularTrain MixedShapesSmallTrain MoteStrain NonInvasiveFetalECGThorax1
    NonInvasiveFetalECGThorax2 OSULeaf OliveOil PLAID PhalangesOutlinesCorrect Phoneme PickupGestureWiimoteZ
    PigAirwayPressure PigArtPressure PigCVP Plane PowerCons ProximalPhalanxOutlineAgeGroup
    ProximalPhalanxOutlineCorrect ProximalPhalanxTW RefrigerationDevices Rock ScreenType SemgHandGenderCh2
    SemgHandMovementCh2 SemgHandSubjectCh2 ShakeGestureWiimoteZ ShapeletSim ShapesAll SmallKitchenAppliances
    SmoothSubspace SonyAIBORobotSurface1 SonyAIBORobotSurface2 StarLightCurves Strawberry SwedishLeaf Symbols
    SyntheticControl ToeSegmentation1 ToeSegmentation2 Trace TwoLeadECG TwoPatterns UMD UWaveGestureLibraryAll
    UWaveGestureLibraryX UWaveGestureLibraryY UWaveGestureLibraryZ Wafer Wine WordSynonyms Worms WormsTwoClass
    Yoga
"""

UCR_2018: tuple[str, ...] = tuple(_NAMES.split())

_SIZES = """
    ACSF1:100/100 Adiac:390/391 ArrowHead:36/175 BME:30/150 Beef:30/30 BirdChicken:20/20 CBF:30/900 Car:60/60
    Coffee:28/28 Computers:250/250 CricketX:390/390 CricketZ:390/390 DiatomSizeReduction:16/306
    DistalPhalanxOutlineAgeGroup:400/139 DistalPhalanxTW:400/139 DodgerLoopDay:78/80 DodgerLoopGame:20/138
    ECG200:100/100 ECGFiveDays:23/861 EOGHorizontalSignal:362/362 FaceAll:560/1690 FaceFour:24/88
    FacesUCR:200/2050 Fish:175/175 Fungi:18/186 GestureMidAirD1:208/130 GestureMidAirD3:208/130
    GesturePebbleZ1:132/172 GesturePebbleZ2:146/158 GunPoint:50/150 GunPointMaleVersusFemale:135/316
    GunPointOldVersusYoung:136/315 Ham:109/105 Herring:64/64 HouseTwenty:40/119 InsectEPGRegularTrain:62/249
    ItalyPowerDemand:67/1029 LargeKitchenAppliances:375/375 Lightning2:60/61 Lightning7:70/73
    MedicalImages:381/760 MelbournePedestrian:1194/2439 MiddlePhalanxOutlineAgeGroup:400/154
    MiddlePhalanxTW:399/154 MoteStrain:20/1252 OSULeaf:200/242 OliveOil:30/30 PickupGestureWiimoteZ:50/50
    PigAirwayPressure:104/208 PigCVP:104/208 PowerCons:180/180 ProximalPhalanxOutlineAgeGroup:400/205
    ProximalPhalanxOutlineCorrect:600/291 RefrigerationDevices:375/375 Rock:20/50 ScreenType:375/375
    ShapeletSim:20/180 ShapesAll:600/600 SmallKitchenAppliances:375/375 SonyAIBORobotSurface1:20/601
    SonyAIBORobotSurface2:27/953 Strawberry:613/370 SyntheticControl:300/300 ToeSegmentation1:40/228
    ToeSegmentation2:36/130 TwoLeadECG:23/1139 UMD:36/144 Wine:57/54 Worms:181/77 WormsTwoClass:181/77
"""

OFFICIAL_SIZES: dict[str, tuple[int, int]] = {
    name: (int(train), int(test))
    for name, train, test in (entry.replace("/", ":").split(":") for entry in _SIZES.split())
}
"""By set, series in the official train and test file, of those sets whose files were counted."""


def is_official(name: str, n_train: int, n_test: int) -> bool | None:
    """Whether train and test are the archive's: by name, and by size where that is known; None for other sets.

    Examples
    --------
    >>> is_official("GunPoint", 50, 150), is_official("GunPoint", 40, 150), is_official("MySet", 50, 150)
    (True, False, None)
    """
    if name not in UCR_2018:
        return None
    return OFFICIAL_SIZES.get(name, (n_train, n_test)) == (n_train, n_test)
